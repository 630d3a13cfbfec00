import t from 'tap'
import { escapeForm } from '../../../src/waf/regression/escape-form.ts'

const cases: readonly [written: string, sent: string][] = [
  ['a=b', 'a=b'],
  ['a=<b c>&d', 'a=%3Cb+c%3E&d'],
  ['a=b=c', 'a=b%3Dc'],
  ['a=1&&b=2', 'a=1&&b=2'],
  ['a=1&', 'a=1'],
  ['&', ''],
  ['a=%3C&b=<', 'a=%3C&b=<'],
  ['a=1+1', 'a=1+1'],
  ['a=ä', 'a=%C3%A4'],
  ["-_.~='", '-_.~=%27'],
]

t.test('a form is escaped unless it holds escapes already', async (t) => {
  for (const [written, sent] of cases) t.equal(escapeForm(Buffer.from(written)).toString(), sent, written)
})
