import t from 'tap'
import { assertAccepted, assertRefused, startBench } from '../helpers/edge-cases.ts'
import { requestBytes } from '../helpers/raw-client.ts'

const bench = await startBench(t)
const host = 'Host: shop.example'
const get = (...headers: string[]) => requestBytes('GET /l HTTP/1.1', [host, ...headers])
const line = (text: string) => requestBytes(text, [host])

t.test('malformed header lines are refused', async (t) => {
  const controls = Array.from({ length: 32 }, (_, code) => code).filter((code) => ![9, 10, 13].includes(code))
  await assertRefused(t, bench, [
    { name: 'bare LF everywhere', bytes: 'GET /l HTTP/1.1\nHost: shop.example\n\n' },
    { name: 'bare LF after the request line', bytes: 'GET /l HTTP/1.1\nHost: shop.example\r\n\r\n' },
    { name: 'bare LF after a header', bytes: 'GET /l HTTP/1.1\r\nX-A: b\nHost: shop.example\r\n\r\n' },
    { name: 'bare LF at the end', bytes: 'GET /l HTTP/1.1\r\nHost: shop.example\r\n\n' },
    { name: 'bare CR in a value', bytes: get('X-A: a\rb') },
    { name: 'CR CR LF', bytes: 'GET /l HTTP/1.1\r\nHost: shop.example\r\r\n\r\n' },
    { name: 'bare CR after the request line', bytes: 'GET /l HTTP/1.1\rHost: shop.example\r\n\r\n' },
    { name: 'folded with a space', bytes: get('X-A: a', ' b') },
    { name: 'folded with a tab', bytes: get('X-A: a', '\tb') },
    { name: 'folded right after the request line', bytes: `GET /l HTTP/1.1\r\n X: y\r\n${host}\r\n\r\n` },
    { name: 'folded Host', bytes: 'GET /l HTTP/1.1\r\nHost:\r\n shop.example\r\n\r\n' },
    ...controls.map((code) => ({
      name: `control ${code} in a value`,
      bytes: get(`X-A: a${String.fromCharCode(code)}b`),
    })),
    { name: 'DEL in a value', bytes: get('X-A: a\x7fb') },
    ...[0, 1, 31, 127].map((code) => ({
      name: `control ${code} in a name`,
      bytes: get(`X${String.fromCharCode(code)}A: b`),
    })),
    { name: 'empty name', bytes: get(': b') },
    { name: 'name with a space', bytes: get('X A: b') },
    { name: 'high byte in a name', bytes: get('X-\xe9: b') },
    { name: 'line without a colon', bytes: get('X-A') },
    ...[...'()<>@,;\\"/[]?={}'].map((char) => ({ name: `${char} in a name`, bytes: get(`X${char}A: b`) })),
  ])
})

t.test('malformed request lines are refused', async (t) => {
  await assertRefused(t, bench, [
    { name: 'two spaces before the target', bytes: line('GET  /l HTTP/1.1') },
    { name: 'two spaces before the version', bytes: line('GET /l  HTTP/1.1') },
    { name: 'tab as separator', bytes: line('GET\t/l\tHTTP/1.1') },
    { name: 'trailing space', bytes: line('GET /l HTTP/1.1 ') },
    { name: 'leading space', bytes: line(' GET /l HTTP/1.1') },
    { name: 'space in the target', bytes: line('GET /l x HTTP/1.1') },
    { name: 'HTTP/0.9 without a version', bytes: 'GET /l\r\n\r\n' },
    { name: 'HTTP/0.9 without a version, with headers', bytes: line('GET /l') },
    ...[
      'HTTP/0.9',
      'HTTP/1.10',
      'HTTP/01.1',
      'HTTP/1.01',
      'HTTP/2.0',
      'HTTP/2',
      'HTTP/3.0',
      'http/1.1',
      'HTTP/1',
      'HTTP/1.',
      'HTTP/.1',
      'HTTP/1.1x',
      'HTTPS/1.1',
      'RTSP/1.0',
      'ICE/1.0',
      'HTTP 1.1',
    ].map((version) => ({ name: `version ${version}`, bytes: line(`GET /l ${version}`) })),
    { name: 'lower-case method', bytes: line('get /l HTTP/1.1') },
    { name: 'empty method', bytes: line(' /l HTTP/1.1') },
    { name: 'method with a control', bytes: line('G\x01T /l HTTP/1.1') },
    { name: 'method with a colon', bytes: line('GE:T /l HTTP/1.1') },
    { name: 'HTTP/2 preface in clear text', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
    { name: 'TLS on the plain listener', bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' },
    { name: 'NUL in the target', bytes: line('GET /l\x00 HTTP/1.1') },
    { name: 'control in the target', bytes: line('GET /l\x01 HTTP/1.1') },
    { name: 'DEL in the target', bytes: line('GET /l\x7f HTTP/1.1') },
    { name: 'CR in the target', bytes: line('GET /l\rx HTTP/1.1') },
  ])
})

t.test('CONNECT and TRACE are 405', async (t) => {
  await assertRefused(t, bench, [
    { name: 'CONNECT authority', bytes: line('CONNECT shop.example:80 HTTP/1.1'), status: 405 },
    { name: 'CONNECT path', bytes: line('CONNECT /l HTTP/1.1'), status: 405 },
    {
      name: 'CONNECT foreign authority',
      bytes: requestBytes('CONNECT evil:25 HTTP/1.1', ['Host: evil:25']),
      status: 405,
    },
    { name: 'TRACE', bytes: line('TRACE /l HTTP/1.1'), status: 405 },
    {
      name: 'TRACE with Max-Forwards',
      bytes: requestBytes('TRACE /l HTTP/1.1', [host, 'Max-Forwards: 0']),
      status: 405,
    },
  ])
})

t.test('what is too large gets the status that says so', async (t) => {
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: v`)
  await assertRefused(t, bench, [
    { name: '150 fields', bytes: get(...fields(150)), status: 431 },
    { name: '3000 fields', bytes: get(...fields(3_000)), status: 431 },
    { name: 'one field of 17 KiB', bytes: get(`X-A: ${'a'.repeat(17_408)}`), status: 431 },
    { name: 'one endless field', bytes: `GET /l HTTP/1.1\r\n${host}\r\nX-A: ${'a'.repeat(100_000)}`, status: 431 },
    { name: 'a name of 17 KiB', bytes: get(`${'a'.repeat(17_408)}: a`), status: 431 },
    {
      name: 'fields of 17 KiB in total',
      bytes: get(...Array.from({ length: 60 }, (_, i) => `X-${i}: ${'a'.repeat(300)}`)),
      status: 431,
    },
    { name: 'target of 9 KiB', bytes: line(`GET /${'a'.repeat(9_216)} HTTP/1.1`), status: 414 },
    { name: 'target of 100 KiB', bytes: line(`GET /${'a'.repeat(102_400)} HTTP/1.1`), status: 414 },
    { name: 'query of 9 KiB', bytes: line(`GET /?${'a'.repeat(9_216)} HTTP/1.1`), status: 414 },
  ])
})

t.test('odd but legal lines arrive as they were sent', async (t) => {
  await assertAccepted(t, bench, [
    {
      name: '100 fields with Host',
      bytes: get(...Array.from({ length: 99 }, (_, i) => `X-${i}: v`)),
      present: ['X-0: v', 'X-98: v'],
    },
    {
      name: 'target of 8 KiB less one',
      bytes: line(`GET /${'a'.repeat(8_190)} HTTP/1.1`),
      target: `/${'a'.repeat(8_190)}`,
    },
    {
      name: '__proto__',
      bytes: get('__proto__: x', 'constructor: y', 'hasOwnProperty: z', 'toString: 1'),
      present: ['__proto__: x', 'constructor: y', 'hasOwnProperty: z', 'toString: 1'],
    },
    { name: '__proto__ alone', bytes: get('__proto__:'), present: ['__proto__: '] },
    {
      name: 'duplicates keep their order and case',
      bytes: get('X-A: 1', 'x-a: 2', 'X-A: 1', 'X-B: 3'),
      present: ['X-A: 1', 'X-A: 1', 'x-a: 2', 'X-B: 3'],
    },
    { name: 'two Cookie lines', bytes: get('Cookie: a=1', 'Cookie: b=2'), present: ['Cookie: a=1', 'Cookie: b=2'] },
    { name: 'empty value', bytes: get('X-A:'), present: ['X-A: '] },
    { name: 'value of colons', bytes: get('X-A: ::b: c'), present: ['X-A: ::b: c'] },
    { name: 'tab inside a value', bytes: get('X-A: a\tb'), present: ['X-A: a\tb'] },
    { name: 'no space after the colon', bytes: get('X-A:b'), present: ['X-A: b'] },
    { name: 'token characters in a name', bytes: get("!#$%&'*+-.^`|~0a: b"), present: ["!#$%&'*+-.^`|~0a: b"] },
    { name: 'high bytes in a value', bytes: get('X-A: \xe9\xff'), present: ['X-A: \xe9\xff'], orRefused: true },
    { name: 'empty line before the request', bytes: `\r\n${get()}`, target: '/l', orRefused: true },
    {
      name: 'an underscore in an unrelated name',
      bytes: get('X_Custom: 1'),
      present: ['X_Custom: 1'],
      orRefused: true,
    },
    { name: 'HTTP/1.0', bytes: line('GET /l HTTP/1.0'), target: '/l' },
    { name: 'an unknown method', bytes: line('FOO /l HTTP/1.1'), method: 'FOO', orRefused: true },
  ])
})

t.test('header order survives', async (t) => {
  const sent = ['X-C: 1', 'X-A: 2', 'x-c: 3', 'Accept: */*', 'X-B: 4', 'X-A: 5']
  await assertAccepted(t, bench, [{ name: 'order', bytes: get(...sent), present: sent }])
  const lines = bench.origin.requests[0]?.headers.map(([name, value]) => `${name}: ${value}`) ?? []
  t.same(
    lines.filter((text) => sent.includes(text)),
    sent,
  )
})

t.test('every method that HTTP knows is forwarded as it is', async (t) => {
  const methods = [
    'GET',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'OPTIONS',
    'PROPFIND',
    'PROPPATCH',
    'MKCOL',
    'COPY',
    'MOVE',
    'LOCK',
    'UNLOCK',
    'REPORT',
    'SEARCH',
    'PURGE',
    'M-SEARCH',
    'LINK',
    'UNLINK',
    'BIND',
    'MERGE',
    'NOTIFY',
    'SUBSCRIBE',
    'ACL',
    'QUERY',
  ]
  await assertAccepted(
    t,
    bench,
    methods.map((method) => ({ name: method, bytes: line(`${method} /l HTTP/1.1`), method, target: '/l' })),
  )
})
