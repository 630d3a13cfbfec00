import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { eventually } from '../helpers/edge-process.ts'
import { startLocalEdge } from '../helpers/local-edge.ts'
import { connect, requestBytes } from '../helpers/raw-client.ts'

const rules = `
SecRule REQUEST_HEADERS:Content-Type "@rx json" "id:200001,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
SecAction "id:1,phase:1,pass,log,logdata:'line %{REQUEST_LINE} protocol %{REQUEST_PROTOCOL} method %{REQUEST_METHOD}'"
SecRule REQUEST_HEADERS "@contains marker" "id:2,phase:1,deny,log,logdata:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"
SecRule ARGS_GET "@contains marker" "id:3,phase:1,pass,log"
SecRule ARGS_POST "@contains marker" "id:4,phase:2,pass,log,logdata:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"
SecRule FILES "@contains marker" "id:5,phase:2,pass,log"
SecAction "id:6,phase:5,pass,log"
SecRule REQUEST_HEADERS "@rx [\\n\\r]" "id:7,phase:1,pass,log"
`
const host = 'Host: shop.example'
const form = 'Content-Type: application/x-www-form-urlencoded'
const bench = await startLocalEdge(t, { rules })

interface Case {
  readonly name: string
  /** Each is a packet of its own. */
  readonly packets: readonly (string | Buffer)[]
  readonly status: number
  /** Besides 1 and 6, which every request has. */
  readonly ids: readonly number[]
  readonly logged?: string
}

/** Sends the packets, and takes the status and what the error log says since. */
async function record(packets: Case['packets']): Promise<{ status: number | undefined; text: string; log: string }> {
  const before = errorLog().length
  const connection = await connect(bench.http)
  for (const [index, packet] of packets.entries()) {
    if (index > 0) await delay(30)
    connection.write(packet)
  }
  const response = await connection.response()
  await connection.closed()
  await eventually('phase 5 is logged', () => errorLog().slice(before).includes('[id "6"]'))
  return { status: response?.status, text: connection.received.toString('latin1'), log: errorLog().slice(before) }
}

function errorLog(): string {
  return readFileSync(join(bench.folder, 'waf.log'), 'latin1')
}

async function assertRecorded(t: Test, cases: readonly Case[]): Promise<void> {
  for (const { name, packets, status, ids, logged } of cases) {
    bench.origin.forget()
    const seen = await record(packets)
    t.equal(seen.status, status, `${name}: status`)
    const found = [...seen.log.matchAll(/\[id "(\d+)"\]/g)].map(([, id]) => Number(id))
    t.strictSame(new Set(found), new Set([1, 6, ...ids]), `${name}: ids`)
    if (logged !== undefined) t.ok(seen.log.includes(logged), `${name}: ${logged}`, seen)
    t.equal(bench.origin.bytesReceived(), 0, `${name}: nothing reached the origin`)
  }
}

const body = 'a=1&b=marker'
const withBody = (line: string, ...headers: string[]) =>
  requestBytes(line, [host, form, ...headers, `Content-Length: ${body.length}`], body)

t.test('a head that is refused is recorded with its body', async (t) => {
  await assertRecorded(t, [
    { name: 'unknown method', packets: [withBody('FOO /x HTTP/1.1')], status: 400, ids: [4], logged: 'method FOO' },
    { name: 'lower-case method', packets: [withBody('post /x HTTP/1.1')], status: 400, ids: [4] },
    { name: 'unknown version', packets: [withBody('POST /x HTTP/4.0')], status: 400, ids: [4], logged: 'HTTP/4.0' },
    { name: 'raw bytes in the target', packets: [withBody('POST /?x=marker\xe9 HTTP/1.1')], status: 400, ids: [3, 4] },
    { name: 'fragment', packets: [withBody('POST /x#marker HTTP/1.1')], status: 400, ids: [4] },
    { name: 'control character', packets: [withBody('POST /x HTTP/1.1', 'X: marker\x01')], status: 400, ids: [2, 4] },
    {
      name: 'bare CR',
      packets: [withBody('POST /x HTTP/1.1', 'X: a\rY: b')],
      status: 400,
      ids: [4, 7],
    },
    {
      name: 'bare LF everywhere',
      packets: [withBody('POST /x HTTP/1.1').replaceAll('\r\n', '\n')],
      status: 400,
      ids: [4],
    },
    { name: 'folded field', packets: [withBody('POST /x HTTP/1.1', 'X: a', ' b')], status: 400, ids: [4] },
    { name: 'no Host', packets: [withBody('POST /x HTTP/1.1').replace(host, 'X: y')], status: 400, ids: [4] },
    { name: 'two Hosts', packets: [withBody('POST /x HTTP/1.1', 'Host: b')], status: 400, ids: [4] },
    { name: 'alias', packets: [withBody('POST /x HTTP/1.1', 'Content_Length: 3')], status: 400, ids: [4] },
    { name: 'two lengths', packets: [withBody('POST /x HTTP/1.1', 'Content-Length: 3')], status: 400, ids: [4] },
    { name: 'expectation', packets: [withBody('POST /x HTTP/1.1', 'Expect: y')], status: 417, ids: [4] },
    { name: 'TRACE', packets: [withBody('TRACE /x HTTP/1.1')], status: 405, ids: [4] },
    {
      name: 'CONNECT',
      packets: [requestBytes('CONNECT shop.example:443 HTTP/1.1', [host, 'X: marker'])],
      status: 405,
      ids: [2],
      logged: 'REQUEST_HEADERS:X=marker',
    },
    {
      name: 'both framings',
      packets: [
        requestBytes(
          'POST /x HTTP/1.1',
          [host, form, 'Content-Length: 3', 'Transfer-Encoding: chunked'],
          '5;x\r\na=mar\r\n3\r\nker\r\n0\r\n\r\n',
        ),
      ],
      status: 400,
      ids: [4],
      logged: 'ARGS_POST:a=marker',
    },
    {
      name: 'JSON',
      packets: [
        requestBytes(
          'FOO /x HTTP/1.1',
          [host, 'Content-Type: application/json', 'Content-Length: 14'],
          '{"a":"marker"}',
        ),
      ],
      status: 400,
      ids: [4],
      logged: 'ARGS_POST:json.a=marker',
    },
  ])
})

t.test('wherever the network splits it, and behind a request that is served', async (t) => {
  const whole = withBody('FOO /x HTTP/1.1', 'X: marker')
  const splits = [2, 10, 30, whole.indexOf('\r\n\r\n') + 2, whole.indexOf('\r\n\r\n') + 4, whole.length - 3]
  await assertRecorded(
    t,
    splits.map((at) => ({
      name: `split at ${at}`,
      packets: [whole.slice(0, at), whole.slice(at)],
      status: 400,
      ids: [2, 4],
    })),
  )
  const lines = withBody('POST /x HTTP/1.1', 'X: marker').replaceAll('\r\n', '\n')
  await assertRecorded(t, [
    {
      name: 'bare LF, split',
      packets: [lines.slice(0, 20), lines.slice(20, 90), lines.slice(90)],
      status: 400,
      ids: [2, 4],
    },
  ])
  const before = errorLog().length
  const connection = await connect(bench.http)
  connection.write(`${requestBytes('GET /first HTTP/1.1', [host])}${whole}`)
  t.equal((await connection.response())?.status, 200)
  t.equal((await connection.response())?.status, 400)
  await connection.closed()
  const log = errorLog().slice(before)
  t.match(log, /line GET \/first HTTP\/1\.1/)
  t.match(log, /line FOO \/x HTTP\/1\.1/)
})

t.test('a compressed body is looked into; a chunked one that breaks off, as far as it came', async (t) => {
  const coded = (coding: string, bytes: Buffer) =>
    Buffer.concat([
      Buffer.from(
        requestBytes('FOO /x HTTP/1.1', [host, form, `Content-Encoding: ${coding}`, `Content-Length: ${bytes.length}`]),
      ),
      bytes,
    ])
  const chunked = (text: string) => requestBytes('POST /x HTTP/1.1', [host, form, 'Transfer-Encoding: chunked'], text)
  await assertRecorded(t, [
    { name: 'gzip', packets: [coded('gzip', gzipSync(body))], status: 400, ids: [4] },
    { name: 'br', packets: [coded('br', brotliCompressSync(body))], status: 400, ids: [4] },
    { name: 'bomb', packets: [coded('gzip', gzipSync(Buffer.alloc(20_000_000)))], status: 400, ids: [] },
    { name: 'bad chunk size', packets: [chunked('c\r\na=1&b=marker\r\nzz\r\n')], status: 400, ids: [4] },
    { name: 'bad chunk end', packets: [chunked('c\r\na=1&b=markerx\r\n0\r\n\r\n')], status: 400, ids: [4] },
    { name: 'later', packets: [chunked('c\r\na=1&b=marker\r\n'), '-1\r\n'], status: 400, ids: [4] },
  ])
})

t.test('a client that never completes what is refused gets its answer all the same', async (t) => {
  const startedAt = Date.now()
  await assertRecorded(t, [
    {
      name: 'body that does not come',
      packets: [requestBytes('FOO / HTTP/1.1', [host, 'Content-Length: 9'])],
      status: 400,
      ids: [],
    },
    { name: 'head that does not end', packets: ['FOO / HTTP/1.1\r\nX: marker\r\n'], status: 400, ids: [2] },
    {
      name: 'TLS on the plain port',
      packets: ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03marker\n'],
      status: 400,
      ids: [],
    },
  ])
  t.ok(Date.now() - startedAt < 4_000)
})

t.test('a request line without a version', async (t) => {
  const simple = await record([requestBytes('GET /x?a=marker ', [host])])
  t.equal(simple.status, undefined, 'HTTP/0.9 knows no status line')
  t.equal(simple.text, '400 Bad Request\n')
  t.match(simple.log, /line GET \/x\?a=marker {2}protocol HTTP\/0\.9/)
  t.match(simple.log, /\[id "3"\]/)
  const bare = await record(['GET /x?a=marker\r\n\r\n'])
  t.equal(bare.status, 400)
  t.match(bare.log, /protocol HTTP\/0\.9/)
})
