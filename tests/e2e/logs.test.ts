import t from 'tap'
import { startBench } from '../helpers/edge-cases.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

const bench = await startBench(t)
const evil = [
  '"] [id "1"] [msg "forged',
  '\\"] [id \\"1\\"]',
  ']\\x0a[id "1"]',
  '[unique_id "x"]',
  "'; --",
  '\u00ff\u0080 [id "1"]',
  '%0a[id "1"]',
]

t.test('nothing in a request can forge a field or a line of the error log', async (t) => {
  const before = bench.edge.errorLog().split('\n').length
  for (const value of evil) {
    await sendRaw(
      bench.http,
      requestBytes('GET /l HTTP/1.1', ['Host: shop.example', `X-Probe: ${value}`, `X-A: attack-marker ${value}`]),
    )
  }
  const lines = bench.edge
    .errorLog()
    .split('\n')
    .slice(before - 1)
    .filter(Boolean)
  t.equal(lines.length, evil.length * 2, 'two rules a request, one line each')
  for (const line of lines) {
    t.equal((line.match(/(?<!\\)\[id "/g) ?? []).length, 1, `one id in: ${line}`)
    t.match(line, /\[id "(900001|900100)"\]/)
    t.equal((line.match(/(?<!\\)\[unique_id "/g) ?? []).length, 1, 'one unique_id')
  }
})

t.test('each request has one access record of well-formed JSON, attack or not', async (t) => {
  const before = (await bench.edge.accessRecords(evil.length)).length
  const secret = 'a=body-must-not-be-logged'
  const headers = [
    'Host: shop.example',
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${secret.length}`,
  ]
  const requests = [
    requestBytes('GET /ok?x=1 HTTP/1.1', ['Host: shop.example']),
    requestBytes('GET /blocked?attack-marker HTTP/1.1', ['Host: shop.example']),
    requestBytes('POST /body HTTP/1.1', headers, secret),
    requestBytes('GET /nosite HTTP/1.1', ['Host: other.example']),
    requestBytes('GET /"quoted"\xff HTTP/1.1', ['Host: shop.example']),
    requestBytes('GET /refused HTTP/1.1', ['Host: a, b']),
  ]
  for (const bytes of requests) await sendRaw(bench.http, bytes)
  const records = (await bench.edge.accessRecords(before + requests.length)).slice(before)
  t.equal(records.length, requests.length)
  t.same(
    records.map(({ status }) => status),
    [200, 403, 200, 421, 400, 400],
  )
  t.same(records.map(({ verdict }) => verdict).slice(0, 3), ['detected', 'block', 'detected'])
  t.ok(JSON.stringify(records[1]?.rule_ids).includes('900100'), 'with the rule')
  t.equal(new Set(records.map(({ request_id }) => request_id)).size, records.length)
  t.notMatch(JSON.stringify(records) + bench.edge.errorLog() + bench.edge.stderr(), /must-not-be-logged/)
})
