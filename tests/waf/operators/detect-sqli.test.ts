import t from 'tap'
import { detectSQLi } from '../../../src/waf/operators/detect-sqli.ts'
import { operatorContext } from '../../helpers/operator-context.ts'

t.test('captures the fingerprint of the attack', async (t) => {
  const operator = detectSQLi.compile('', operatorContext({}))
  t.same(operator.exec?.('ascii(substring(version() from 1 for 1))'), { captures: ['f(f(f'] })
  t.same(operator.exec?.("a' or 'b"), { captures: ['s&s'] })
  t.equal(operator.exec?.("O'Reilly"), undefined)
  t.equal(operator.test("a' or 'b"), true)
  t.equal(operator.test("O'Reilly"), false)
})
