import t from 'tap'
import { findOperator } from '../../../src/waf/operators/index.ts'
import { operatorContext } from '../../helpers/operator-context.ts'

t.test('fillers are no numbers, though their check digits are right', (t) => {
  const numbers: readonly (readonly [operator: string, pattern: string, real: string, fillers: readonly string[]])[] = [
    ['verifySVNR', '[0-9]{10}', '1237010180', ['0000000000', '1111111111']],
    ['verifyCPF', '[0-9]{11}', '52998224725', ['00000000000', '11111111111', '01234567890']],
  ]
  for (const [name, pattern, real, fillers] of numbers) {
    const operator = findOperator(name)?.compile(pattern, operatorContext())
    t.equal(operator?.test(real), true, `${name} ${real}`)
    for (const filler of fillers) t.equal(operator?.test(filler), false, `${name} ${filler}`)
  }
  t.end()
})
