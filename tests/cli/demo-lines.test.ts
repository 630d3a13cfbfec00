import t from 'tap'
import { describeProgress, describeRequest } from '../../src/cli/demo-lines.ts'
import type { HostName } from '../../src/http.ts'

const record = (target: string, ruleIds: number[] = []): Parameters<typeof describeRequest>[0] => ({
  request: {
    id: 'r1',
    client: { address: '127.0.0.1', port: 50_000 },
    host: 'demo.localhost' as HostName, // canonical
    method: 'GET',
    target,
    protocol: 'HTTP/1.1',
  },
  notes: {
    verdict: ruleIds.length > 0 ? 'block' : 'pass',
    ruleIds,
    wafMs: undefined,
    origin: undefined,
    originMs: undefined,
    errorCode: undefined,
    error: undefined,
  },
  status: ruleIds.length > 0 ? 403 : 200,
  requestBytes: 0,
  responseBytes: 0,
  durationMs: 1,
})

t.test('a request is one line that cannot steer the terminal', async (t) => {
  t.equal(describeRequest(record('/a')), '  request     GET demo.localhost/a: 200, pass')
  t.equal(describeRequest(record('/a', [1, 2])), '  request     GET demo.localhost/a: 403, block (rules 1, 2)')
  const hostile = describeRequest(record('/\u001b[2J\r\ncurl http://evil.example\u009b'))
  t.match(hostile, /^ {2}request {5}GET demo\.localhost\/\?\[2J\?\?curl http:\/\/evil\.example\?: 200, pass$/)
  t.ok(describeRequest(record(`/${'x'.repeat(8000)}`)).length < 200)
})

t.test('every step of an issuance has its line', async (t) => {
  const host = 'demo.localhost' as HostName // canonical
  const lines = [
    describeProgress({ kind: 'account', state: 'created', url: 'http://ca/1' }),
    describeProgress({ kind: 'order', state: 'created', url: 'http://ca/2' }),
    describeProgress({ kind: 'authorization', state: 'published', host }),
    describeProgress({ kind: 'authorization', state: 'asked', host }),
    describeProgress({ kind: 'authorization', state: 'valid', host }),
    describeProgress({ kind: 'finalized' }),
    describeProgress({ kind: 'downloaded' }),
    describeProgress({ kind: 'installed', name: host, notAfterMs: Date.parse('2030-01-02T03:04:05Z') }),
  ]
  t.equal(new Set(lines).size, 8)
  t.equal(lines.at(-1), '  edge        serves demo.localhost until 2030-01-02')
})
