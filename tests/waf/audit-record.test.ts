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
      request: {
        method: 'GET',
        http_version: '1.1',
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
            match: /Access denied/,
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
  t.match((await run(status, {}, { status: 502 })).audit, { transaction: { response: { http_code: 502 } } })
})

t.test('bodies are recorded only where SecAuditLogParts asks for them', async (t) => {
  const form = { ...evil, headers: ['Content-Type', 'application/x-www-form-urlencoded'], body: 'b=secret' }
  t.notMatch(JSON.stringify((await run(rules('', 'pass'), form)).audit), /secret/)
  t.match(JSON.stringify((await run(rules('SecAuditLogParts ABCHZ', 'pass'), form)).audit), /secret/)
})
