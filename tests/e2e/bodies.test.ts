import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import t from 'tap'
import { inspectionsOf, startBench } from '../helpers/edge-cases.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

const bench = await startBench(t)
const form = 'application/x-www-form-urlencoded'

async function post(
  body: string | Buffer,
  type: string,
  ...headers: string[]
): Promise<{ status: number; received: string | undefined }> {
  bench.origin.forget()
  const text = typeof body === 'string' ? body : body.toString('latin1')
  const lines = ['Host: shop.example', `Content-Type: ${type}`, `Content-Length: ${text.length}`, ...headers]
  const { response } = await sendRaw(bench.http, requestBytes('POST /b HTTP/1.1', lines, text), { timeoutMs: 15_000 })
  return { status: response?.status ?? 0, received: bench.origin.requests[0]?.body.toString('latin1') }
}

const part = (disposition: string, value: string, more = '') =>
  `--B\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${value}\r\n`
const multipart = 'multipart/form-data; boundary=B'

t.test('an attack is found in every kind of body that has a parser', async (t) => {
  const bodies: [type: string, body: string][] = [
    [form, 'a=attack-marker'],
    [form, 'a=attack%2Dmarker'],
    [form, 'a=1&attack-marker=2'],
    [form.toUpperCase(), 'a=attack%2dmarker'],
    [`${form};charset=utf-8`, 'a=attack%2dmarker'],
    [`${form} ; x=y`, 'a=attack%2dmarker'],
    ['application/json', '{"a":{"b":["attack-marker"]}}'],
    ['application/json', '{"a":"\\u0061ttack-marker"}'],
    ['application/json', '{"a":"attack\\u002dmarker","a":"x"}'],
    ['application/json', '{"a":"x","a":"attack\\u002dmarker"}'],
    ['application/json;charset=utf-8', '{"attack\\u002dmarker":1}'],
    ['application/vnd.api+json', '{"a":"attack\\u002dmarker"}'],
    [multipart, `${part('name="a"', 'attack-marker')}--B--\r\n`],
    [multipart, `${part('name="a"', 'x')}${part('name="b"', 'attack-marker')}--B--\r\n`],
    [multipart, `${part('name="attack-marker"', 'x')}--B--\r\n`],
    ['multipart/form-data; boundary="B"', `${part('name="a"', 'attack-marker')}--B--\r\n`],
  ]
  for (const [type, body] of bodies) {
    const { status, received } = await post(body, type)
    t.equal(status, 403, `${type}: ${body.slice(0, 60)}`)
    t.equal(received, undefined, 'nothing at the origin')
  }
  t.equal(bodies.length, 16)
})

t.test('compressed bodies are inflated for inspection and forwarded as they came', async (t) => {
  const codings: Record<string, (data: string) => Buffer> = {
    gzip: gzipSync,
    'x-gzip': gzipSync,
    deflate: deflateSync,
    br: brotliCompressSync,
    zstd: zstdCompressSync,
    GZIP: gzipSync,
  }
  for (const [coding, compress] of Object.entries(codings)) {
    const clean = compress('a=harmless')
    const outcome = await post(clean, form, `Content-Encoding: ${coding}`)
    t.equal(outcome.status, 200, `${coding}: clean`)
    t.equal(outcome.received, clean.toString('latin1'), `${coding}: the very bytes`)
    t.equal(
      (await post(compress('a=attack-marker'), form, `Content-Encoding: ${coding}`)).status,
      403,
      `${coding}: attack`,
    )
    t.equal(
      (
        await post(
          compress('{"a":"attack\\u002dmarker"}').toString('latin1'),
          'application/json',
          `Content-Encoding: ${coding}`,
        )
      ).status,
      403,
      `${coding}: attack in JSON`,
    )
  }
})

t.test('what cannot be inflated safely is refused', async (t) => {
  const bomb = gzipSync(Buffer.alloc(200_000_000))
  const cases: [name: string, body: Buffer | string, headers: string[]][] = [
    ['bomb', bomb, ['Content-Encoding: gzip']],
    ['stacked', gzipSync(gzipSync('a=attack-marker')), ['Content-Encoding: gzip, gzip']],
    [
      'stacked by two fields',
      gzipSync(gzipSync('a=attack-marker')),
      ['Content-Encoding: gzip', 'Content-Encoding: gzip'],
    ],
    ['unknown', 'a=attack-marker', ['Content-Encoding: compress']],
    ['made up', 'a=attack-marker', ['Content-Encoding: x']],
    ['cut short', gzipSync('a=harmless and long enough to be cut').subarray(0, 20), ['Content-Encoding: gzip']],
    ['no gzip at all', 'a=harmless', ['Content-Encoding: gzip']],
    ['bytes after the end', Buffer.concat([gzipSync('a=b'), Buffer.from('attack-marker')]), ['Content-Encoding: gzip']],
  ]
  for (const [name, body, headers] of cases) {
    const { status, received } = await post(body, form, ...headers)
    t.ok(status >= 400 && status < 500, `${name}: ${status}`)
    t.equal(received, undefined, `${name}: nothing at the origin`)
  }
  for (const charset of ['utf-7', 'UTF-16', 'utf-16le', 'utf-32', '"utf-7"']) {
    const { status, received } = await post('a=b', `${form}; charset=${charset}`)
    t.equal(status, 415, charset)
    t.equal(received, undefined)
  }
})

t.test('two gzip members are one body: both are inspected', async (t) => {
  const body = Buffer.concat([gzipSync('a=b&'), gzipSync('c=attack-marker')])
  const { status, received } = await post(body, form, 'Content-Encoding: gzip')
  t.ok(status === 403 || status === 400 || status === 415, `blocked or refused (${status})`)
  t.equal(received, undefined)
})

t.test('an octet-stream is never read as a form', async (t) => {
  const { status, received } = await post('a=b&c=d', 'application/octet-stream', 'X-Probe: octets')
  t.equal(status, 200)
  t.equal(received, 'a=b&c=d')
  t.equal(inspectionsOf(bench.edge, 'octets').length, 1)
})

t.test('detection blocks nothing and holds nothing back, yet logs; protocol refusals hold', async (t) => {
  const detect = await startBench(t, { mode: 'detect' })
  const send = (bytes: string) => sendRaw(detect.http, bytes)
  const body = 'a=attack-marker'
  const bytes = requestBytes(
    'POST /b HTTP/1.1',
    ['Host: shop.example', `Content-Type: ${form}`, `Content-Length: ${body.length}`],
    body,
  )
  t.equal((await send(bytes)).response?.status, 200)
  t.equal(detect.origin.requests[0]?.body.toString(), body)
  t.equal((await send(requestBytes('GET /?attack-marker HTTP/1.1', ['Host: shop.example']))).response?.status, 200)
  t.match(detect.edge.errorLog(), /\[id "900100"\]/)
  t.match(detect.edge.errorLog(), /\[id "900101"\]/)
  t.equal((await send(requestBytes('GET /a\\b HTTP/1.1', ['Host: shop.example']))).response?.status, 400)
  t.equal(
    (
      await send(
        requestBytes(
          'POST / HTTP/1.1',
          ['Host: shop.example', 'Content-Length: 1', 'Transfer-Encoding: chunked'],
          '0\r\n\r\n',
        ),
      )
    ).response?.status,
    400,
  )
})

t.test('waf.mode off inspects nothing; protocol refusals hold', async (t) => {
  const off = await startBench(t, { mode: 'off' })
  t.equal(
    (await sendRaw(off.http, requestBytes('GET /?attack-marker HTTP/1.1', ['Host: shop.example']))).response?.status,
    200,
  )
  t.equal((await sendRaw(off.http, requestBytes('GET /a#b HTTP/1.1', ['Host: shop.example']))).response?.status, 400)
  t.equal((await sendRaw(off.http, requestBytes('GET / HTTP/1.1', ['Host: a, b']))).response?.status, 400)
})
