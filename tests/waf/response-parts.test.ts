import t from 'tap'
import { run } from '../helpers/rule-engine.ts'

const rules = (ctl: string) => `SecResponseBodyAccess On
  SecResponseBodyMimeType application/json text/xml
  SecAction "id:1,phase:3,pass,nolog,ctl:${ctl}"
  SecRule RESPONSE_ARGS:json.user.password "@rx ." "id:2,phase:4,deny"
  SecRule RESPONSE_XML:/* "@contains secret" "id:3,phase:4,pass"
  SecRule RESPONSE_XML://@* "@streq s" "id:4,phase:4,pass"
  SecRule RES_BODY_ERROR "@eq 1" "id:5,phase:4,pass,msg:'%{RES_BODY_PROCESSOR} %{RES_BODY_ERROR_MSG}'"
  SecRule RES_BODY_PROCESSOR_ERROR "@eq 1" "id:6,phase:4,pass,msg:'%{RES_BODY_PROCESSOR_ERROR_MSG}'"
  SecRule RESPONSE_BODY "@rx ." "id:7,phase:4,pass,nolog"`

t.test('a response in JSON is taken apart where a rule says so', async (t) => {
  const response = { headers: ['Content-Type', 'application/json'], body: '{"user":{"password":"x"}}' }
  t.match((await run(rules('responseBodyProcessor=JSON'), {}, response)).verdict, { kind: 'block', ruleId: 2 })
  t.match((await run(rules('auditEngine=On'), {}, response)).verdict, { kind: 'pass' })
})

t.test('so is one in XML', async (t) => {
  const response = { headers: ['Content-Type', 'text/xml'], body: '<a b="s">a secret</a>' }
  t.same((await run(rules('responseBodyProcessor=XML'), {}, response)).logged, [3, 4])
})

t.test('what cannot be read to its end has an error', async (t) => {
  const response = { headers: ['Content-Type', 'application/json'], body: '{"a":' }
  const { logged, lines } = await run(rules('responseBodyProcessor=JSON'), {}, response)
  t.same(logged, [5, 6])
  t.match(lines[0], /\[msg "JSON JSON: /)
})

t.test('ctl:forceResponseBodyVariable holds a body whatever its type', async (t) => {
  const response = { headers: ['Content-Type', 'image/svg+xml'], body: '<a>a secret</a>' }
  const see = async (ctl: string) => {
    const { trace } = await run(rules(ctl), {}, response)
    return trace.some(({ variable }) => variable === 'RESPONSE_BODY')
  }
  t.equal(await see('forceResponseBodyVariable=On'), true)
  t.equal(await see('forceResponseBodyVariable=Off'), false)
})
