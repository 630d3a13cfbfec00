import t from 'tap'
import { findOperator } from '../../../src/waf/operators/index.ts'
import type { CompiledOperator } from '../../../src/waf/operators/operator.ts'
import { operatorContext } from '../../helpers/operator-context.ts'
import { findCases, type WafCase } from '../../helpers/waf-cases.ts'

/** Words of the suite that are not operators of SecLang's common ground, or not built yet: no case of them runs. */
const absent: Readonly<Record<string, { reason: string; count: number }>> = {
  nids: { reason: '@validateNid is another engine’s extension', count: 4 },
  validateSchema: { reason: 'needs an XML parser', count: 5 },
}

/** The suite's data file is not part of it; these phrases are what its cases describe. */
const files = { 'pmFromFile-01.dat': 'abc\ndef\nghi\nxxx yyy zzz\n' }

const cases = findCases('operators')

t.test('cases of the shared operator suite', { skip: cases === undefined && '../shared is absent' }, (t) => {
  const skipped = new Map<string, number>()
  const refused: string[] = []
  let ran = 0
  for (const example of cases ?? []) {
    const { word } = example
    if (word in absent) {
      skipped.set(word, (skipped.get(word) ?? 0) + 1)
      continue
    }
    const operator = compile(example)
    if (operator === undefined) refused.push(`${word} ${example.param}`)
    const label = `@${word} ${JSON.stringify([example.param.slice(0, 60), example.input.slice(0, 40)])}`
    t.equal(operator?.test(resolveNul(example.input)) ?? false, example.ret === 1, label)
    ran++
  }
  for (const [word, { reason, count }] of Object.entries(absent)) {
    t.equal(findOperator(word), undefined, `@${word} is absent: ${reason}`)
    t.equal(skipped.get(word), count, `cases skipped for @${word}`)
  }
  t.equal(ran, 3925, 'every other case ran')
  t.strictSame(refused, ['ipMatch 10.0.0.0/100'], 'arguments refused at load, which match nothing')
  t.end()
})

function compile({ word, param }: WafCase): CompiledOperator | undefined {
  try {
    return findOperator(word)?.compile(param, operatorContext(files))
  } catch {
    return undefined
  }
}

function resolveNul(input: string): string {
  return input.replaceAll('\\0', '\0')
}
