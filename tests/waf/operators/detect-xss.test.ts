import t from 'tap'
import { detectXSS } from '../../../src/waf/operators/detect-xss.ts'
import { operatorContext } from '../../helpers/operator-context.ts'

t.test('matches script in text and in a tag', async (t) => {
  const operator = detectXSS.compile('', operatorContext({}))
  t.equal(operator.test('<script>alert(1)</script'), true)
  t.equal(operator.test('" onfocus=alert(1) autofocus="'), true)
  t.equal(operator.test('this is not an attack'), false)
})
