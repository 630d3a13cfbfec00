import t from 'tap'
import { run } from '../helpers/rule-engine.ts'

const rules = (directives: string, action = 'deny,auditlog') => `${directives}
  SecRule ARGS:a "@rx evil" "id:9,phase:1,${action},msg:'Evil',tag:'x',severity:ERROR"`
const evil = { target: '/p?a=evil', headers: ['Host', 'h', 'X-A', '1', 'x-a', '2', 'X-A', '3'] }

t.test('by default a transaction is recorded when a rule with auditlog matched', async (t) => {
  t.equal((await run(rules(''))).audit, undefined)
  t.equal((await run(rules('', 'pass,noauditlog'), evil)).audit, undefined)
  t.match((await run(rules(''), evil)).audit, {
    transaction: {
      client_ip: '192.0.2.1',
      client_port: 40_000,
      host_ip: '198.51.100.1',
      host_port: 8080,
      unique_id: 'test-1',
      time_stamp: /^[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \d{4}$/,
      server_id: /^[0-9a-f]{40}$/,
      is_interrupted: true,
      request: {
        method: 'GET',
        http_version: '1.1',
        hostname: 'h',
        uri: '/p?a=evil',
        headers: { Host: 'h', 'X-A': '1, 3', 'x-a': '2' },
      },
      response: { http_code: 403 },
      producer: { secrules_engine: 'Enabled' },
      messages: [
        {
          message: 'Evil',
          details: {
            ruleId: '9',
            file: '/rules/test.conf',
            lineNumber: '2',
            severity: '3',
            tags: ['x'],
            match: "Matched \"Operator `Rx' with parameter `evil' against variable `ARGS:a' (Value: `evil' )",
          },
        },
      ],
    },
  })
})

t.test('SecAuditEngine and SecAuditLogRelevantStatus decide what is relevant', async (t) => {
  t.equal((await run(rules('SecAuditEngine Off'), evil)).audit, undefined)
  t.match((await run(rules('SecAuditEngine On'))).audit, { transaction: { messages: [] } })
  const status = rules('SecAuditEngine RelevantOnly\nSecAuditLogRelevantStatus "^5"')
  t.equal((await run(status)).audit, undefined)
  const silent = rules('SecAuditLogRelevantStatus "^(?:5|4(?!04))"', 'deny,nolog')
  t.match(
    (await run(silent, evil)).audit,
    { transaction: { response: { http_code: 403 }, messages: [] } },
    'a denial, too',
  )
  t.equal((await run(silent, {}, { status: 404 })).audit, undefined)
  t.match((await run(status, {}, { status: 502 })).audit, { transaction: { response: { http_code: 502 } } })
})

t.test('bodies are recorded only where SecAuditLogParts asks for them', async (t) => {
  const form = { ...evil, headers: ['Content-Type', 'application/x-www-form-urlencoded'], body: 'b=secret' }
  t.notMatch(JSON.stringify((await run(rules('', 'pass'), form)).audit), /secret/)
  t.match(JSON.stringify((await run(rules('SecAuditLogParts ABCHZ', 'pass'), form)).audit), /secret/)
})

t.test('what sanitise… names shows nowhere in the record', async (t) => {
  const parts = 'SecResponseBodyAccess On\nSecAuditEngine On\nSecAuditLogParts ABCEFHZ'
  const request = {
    target: '/log%49n/s3cret?user=u&pass%77ord=s3cret%21&next=s3cret!&evil',
    headers: ['Host', 'h', 'Authorization', 'Basic abc', 'Referer', '/?p=s3cret%21', 'Content-Type', 'x/json'],
    body: '{"password":"s3cret!"}',
  }
  const response = { headers: ['Content-Type', 'text/html', 'Set-Cookie', 'sid=12345'], body: '<p>S3CRET!</p>' }
  const outcome = await run(
    `${parts}
     SecAction "id:1,phase:1,pass,sanitizeArg:PassWord,sanitiseRequestHeader:authorization,ctl:requestBodyProcessor=JSON"
     SecAction "id:2,phase:3,pass,sanitiseResponseHeader:Set-Cookie"
     SecRule ARGS:password "@rx ." "id:3,phase:2,pass,log,auditlog,t:none,t:hexEncode,msg:'%{ARGS.password}',logdata:'%{MATCHED_VAR}',tag:'%{MATCHED_VAR}',tag:plain"`,
    { ...request, method: 'POST' },
    response,
  )
  const text = JSON.stringify(outcome.audit)
  t.notMatch(text, /s3cret(?:!|%21)|7333637265|abc|12345/i)
  t.match(outcome.audit, {
    transaction: {
      request: {
        uri: '/log%49n/s3cret?user=u&pass%77ord=********&next=********&evil',
        headers: { Authorization: '********', Host: 'h', Referer: '********' },
        body: '********',
      },
      response: { headers: { 'Set-Cookie': '********' }, body: '<p>********</p>' },
      messages: [{}, { message: '********', details: { data: '********', tags: ['********', 'plain'] } }, {}],
    },
  })
})

t.test('sanitiseMatched hides what matched', async (t) => {
  const rule = (action: string) => `SecAuditEngine On\nSecAuditLogParts ABCHZ
    SecRule ARGS "@rx ^[0-9]{16}$" "id:1,phase:2,pass,${action}"`
  const form = ['Content-Type', 'application/x-www-form-urlencoded']
  const request = { method: 'POST', target: '/?a=1', headers: form, body: 'card=1234567812345678&b=2' }
  for (const action of ['sanitiseMatched', 'sanitiseMatchedBytes', 'sanitiseMatchedBytes:1/4']) {
    const { audit } = await run(rule(action), request)
    t.match(audit, { transaction: { request: { uri: '/?a=1', body: 'card=********&b=2' } } }, action)
    t.notMatch(JSON.stringify(audit), /12345678/, action)
  }
})

t.test('each letter of SecAuditLogParts stands for its part and no other', async (t) => {
  const body = [
    '--x\r\nContent-Disposition: form-data; name="a b"\r\n\r\nl1\r\nl2&\r\n--x\r\n',
    'Content-Disposition: form-data; name="f"; filename="shell.php"\r\n\r\nFILE CONTENT\r\n--x--\r\n',
  ].join('')
  const request = {
    ...evil,
    method: 'POST',
    headers: ['Host', 'h', 'Content-Type', 'multipart/form-data; boundary=x'],
    body,
  }
  const response = { headers: ['Content-Type', 'text/html'], body: 'hello' }
  const record = async (parts: string) => {
    const text = `SecResponseBodyAccess On\nSecAuditLogParts ${parts}\n${rules('', 'pass,auditlog')}
      SecAction "id:10,phase:1,pass,log,noauditlog"`
    const { audit } = await run(text, request, response)
    const { transaction } = audit as { transaction: Record<string, unknown> & Record<'request' | 'response', object> }
    return transaction
  }
  const always = await record('AZ')
  t.strictSame(Object.keys(always.request), ['method', 'http_version', 'hostname', 'uri'])
  t.strictSame(Object.keys(always.response), ['http_code'])
  t.strictSame(Object.keys(always).slice(-3), ['request', 'response', 'producer'])
  t.match(await record('ABZ'), { request: { headers: { Host: 'h' } } })
  t.match(await record('ACZ'), { request: { body } })
  t.match(await record('AEZ'), { response: { body: 'hello' } })
  t.match(await record('AFZ'), { response: { headers: { 'Content-Type': 'text/html' } } })
  t.match(await record('AHZ'), { messages: [{ details: { ruleId: '9' } }] })
  t.match(await record('AIZ'), { request: { body: 'a+b=l1%0d%0al2%26' } }, 'fields without files')
  t.match(await record('AJZ'), {
    uploads: { info: [{ field_name: 'f', file_name: 'shell.php', file_size: 12 }], total: 12 },
  })
  t.match(await record('AKZ'), {
    matched_rules: [
      { ruleId: '9', lineNumber: '4' },
      { ruleId: '10', phase: 1 },
    ],
  })
  t.notMatch(JSON.stringify(await record('ABDFGHIJKZ')), /FILE CONTENT/)
})

t.test('ctl changes the parts, and whether there is a record', async (t) => {
  const parts = async (change: string) => {
    const text = `SecAuditLogParts ABHZ\nSecAction "id:1,phase:1,pass,nolog,ctl:${change}"\n${rules('')}`
    return (await run(text, evil)).audit
  }
  t.match(await parts('auditLogParts=+F'), { transaction: { response: { headers: {} }, messages: [{}] } })
  t.notMatch(await parts('auditLogParts=-H'), { transaction: { messages: [] } })
  t.notMatch(await parts('auditLogParts=-B'), { transaction: { request: { headers: {} } } })
  t.notMatch(await parts('auditLogParts=AFZ'), { transaction: { messages: [] } })
  t.equal(await parts('auditEngine=Off'), undefined)
})

t.test('what is hidden may be of any length', async (t) => {
  const form = ['Content-Type', 'application/x-www-form-urlencoded', 'Referer', '/?p=s3cret!']
  const rules =
    'SecAuditEngine On\nSecAuditLogParts ABCHZ\nSecAction "id:1,phase:2,pass,sanitiseArg:long,sanitiseArg:short"'
  const long = 'Long(Secret'.repeat(20_000)
  const body = `a=visible&short=s3cret!&long=${long}&again=x${long.toLowerCase()}&twice=s3cret!`
  const { audit } = await run(rules, { method: 'POST', headers: form, body })
  t.match(audit, {
    transaction: {
      request: {
        headers: { Referer: '/?p=********' },
        body: 'a=visible&short=********&long=********&again=********&twice=********',
      },
    },
  })
  const many = Array.from({ length: 900 }, (_, i) => `long=${'z'.repeat(100)}${i}`).join('&')
  const flooded = await run(rules, {
    method: 'POST',
    headers: form,
    body: `${many}&again=${'z'.repeat(100)}899&short=s3cret!`,
  })
  t.notMatch(JSON.stringify(flooded.audit), /zzz|s3cret!/)
})
