import t from 'tap'
import { run } from '../helpers/rule-engine.ts'

const headers = ['Host', 'a', 'Content-Type', 'multipart/form-data; boundary=b']
/** No final boundary: the parser cannot tell where the part ends. */
const broken = { method: 'POST', headers, body: '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx' }

t.test('a body that cannot be parsed is refused where no rule looks at REQBODY_ERROR', async (t) => {
  const { verdict, lines } = await run('SecRuleEngine On', broken)
  t.match(verdict, { kind: 'block', status: 400, ruleId: 0 })
  t.match(lines[0], /ModSecurity: Access denied with code 400 \(phase 2\)\. \[msg "/)
})

t.test('where a rule looks at it the rule decides, also when it has been taken out', async (t) => {
  const rule = 'SecRule REQBODY_ERROR "!@eq 0" "id:1,phase:2,deny,status:422"'
  t.match((await run(rule, broken)).verdict, { kind: 'block', status: 422, ruleId: 1 })
  t.match((await run(`${rule}\nSecRuleRemoveById 1`, broken)).verdict, { kind: 'pass' })
})

t.test('rules of phase 2 come first; DetectionOnly records and lets pass', async (t) => {
  const other = 'SecRule MULTIPART_STRICT_ERROR "@eq 1" "id:2,phase:2,deny,status:418"'
  t.match((await run(other, broken)).verdict, { kind: 'block', status: 418, ruleId: 2 })
  const detecting = await run('SecRuleEngine DetectionOnly', broken)
  t.match(detecting.verdict, { kind: 'pass' })
  t.match(detecting.lines[0], /ModSecurity: Warning\. \[msg "/)
})

t.test('more arguments than SecArgumentsLimit, those of the query string included, are an error', async (t) => {
  const form = ['Host', 'a', 'Content-Type', 'application/x-www-form-urlencoded']
  const ask = (body: string) => run('SecArgumentsLimit 3', { target: '/?q=1', headers: form, body })
  t.match((await ask('a=1&b=2')).verdict, { kind: 'pass' })
  t.match((await ask('a=1&b=2&c=3')).verdict, { kind: 'block', status: 400 })
})

t.test('the beginning of a longer body is no error under ProcessPartial', async (t) => {
  const rules = 'SecRequestBodyLimit 60\nSecRequestBodyLimitAction ProcessPartial'
  const body = `${broken.body}${'x'.repeat(100)}`
  t.match((await run(rules, { ...broken, body })).verdict, { kind: 'pass' })
})
