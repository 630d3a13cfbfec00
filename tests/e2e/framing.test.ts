import t from 'tap'
import { assertAccepted, assertRefused, onConnection, startBench } from '../helpers/edge-cases.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'

const bench = await startBench(t)
const host = 'Host: shop.example'
const post = (headers: readonly string[], body: string) => requestBytes('POST /f HTTP/1.1', [host, ...headers], body)
const form = 'Content-Type: application/x-www-form-urlencoded'

t.test('ambiguous or malformed message framing is refused', async (t) => {
  const lengths = ['+2', '-1', '0x2', '', '2 2', '2,', ',2', '2, 2', '2,3', '2;', '2.0', '1e1', '"2"', '2\t2', '\xb2']
  const tooLong = ['18446744073709551616', '18446744073709551618', '99999999999999999999999', '9007199254740993']
  const codings = ['gzip', 'gzip, chunked', ',chunked', 'chunked,', 'chunked, identity', 'identity', 'chunked, chunked']
  const oddCodings = [
    'xchunked',
    'chunked;x=1',
    '"chunked"',
    '',
    'chunked x',
    'x chunked',
    'chunke',
    '\x0bchunked',
    'chun ked',
  ]
  const chunked = '2\r\nhi\r\n0\r\n\r\n'
  await assertRefused(t, bench, [
    { name: 'CL then TE', bytes: post(['Content-Length: 2', 'Transfer-Encoding: chunked'], chunked) },
    { name: 'TE then CL', bytes: post(['Transfer-Encoding: chunked', 'Content-Length: 2'], chunked) },
    {
      name: 'TE and CL of the chunked bytes',
      bytes: post(['Transfer-Encoding: chunked', 'content-length: 12'], chunked),
    },
    { name: 'two CL that differ', bytes: post(['Content-Length: 2', 'Content-Length: 3'], 'hi!') },
    { name: 'two CL that agree', bytes: post(['Content-Length: 2', 'Content-Length: 2'], 'hi') },
    { name: 'CL in two cases', bytes: post(['Content-Length: 2', 'content-length: 2'], 'hi') },
    ...lengths.map((value) => ({
      name: `CL: ${JSON.stringify(value)}`,
      bytes: post([`Content-Length: ${value}`], 'hi'),
    })),
    ...tooLong.map((value) => ({ name: `CL: ${value}`, bytes: post([`Content-Length: ${value}`], 'hi') })),
    { name: 'CL on GET that is no number', bytes: requestBytes('GET /f HTTP/1.1', [host, 'Content-Length: x']) },
    ...[...codings, ...oddCodings].map((value) => ({
      name: `TE: ${JSON.stringify(value)}`,
      bytes: post([`Transfer-Encoding: ${value}`], chunked),
    })),
    { name: 'TE twice', bytes: post(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], chunked) },
    {
      name: 'TE twice, differing',
      bytes: post(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], chunked),
    },
    { name: 'TE identity first', bytes: post(['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'], chunked) },
    { name: 'TE on HTTP/1.0', bytes: requestBytes('POST /f HTTP/1.0', [host, 'Transfer-Encoding: chunked'], chunked) },
    { name: 'gzip TE on GET', bytes: requestBytes('GET /f HTTP/1.1', [host, 'Transfer-Encoding: gzip'], chunked) },
    { name: 'space before the colon of CL', bytes: post(['Content-Length : 2'], 'hi') },
    { name: 'tab before the colon of TE', bytes: post(['Transfer-Encoding\t: chunked'], chunked) },
    { name: 'space before the colon of any name', bytes: post(['X-A : b', 'Content-Length: 2'], 'hi') },
  ])
})

t.test('underscore aliases of framing and forwarding headers are refused', async (t) => {
  const names = ['Transfer_Encoding', 'Content_Length', 'X_Forwarded_For', 'X_Forwarded_Proto', 'X_Forwarded_Host']
  const more = ['X-Forwarded_For', 'X_Real_IP', 'x_forwarded_proto', 'TRANSFER_ENCODING', 'Content_length']
  await assertRefused(
    t,
    bench,
    [...names, ...more].map((name) => ({ name, bytes: requestBytes('GET /f HTTP/1.1', [host, `${name}: 1`]) })),
  )
})

t.test('a body is re-framed and forwarded whole, whatever the method', async (t) => {
  const chunked = 'Transfer-Encoding: chunked'
  await assertAccepted(t, bench, [
    { name: 'CL: 002', bytes: post(['Content-Length: 002'], 'hi'), body: 'hi', present: ['Content-Length: 2'] },
    { name: 'CL: 0', bytes: post(['Content-Length: 0'], ''), body: '' },
    {
      name: 'optional whitespace around CL',
      bytes: post(['Content-Length: \t2 '], 'hi'),
      body: 'hi',
      present: ['Content-Length: 2'],
    },
    ...['GET', 'DELETE', 'OPTIONS', 'PUT', 'PATCH', 'PROPFIND'].flatMap((method) => [
      {
        name: `${method} with CL`,
        bytes: requestBytes(`${method} /f HTTP/1.1`, [host, 'Content-Length: 5'], 'a=b&c'),
        method,
        body: 'a=b&c',
      },
      {
        name: `${method} chunked`,
        bytes: requestBytes(`${method} /f HTTP/1.1`, [host, chunked], '5\r\na=b&c\r\n0\r\n\r\n'),
        method,
        body: 'a=b&c',
      },
    ]),
    {
      name: 'HEAD with CL',
      bytes: requestBytes('HEAD /f HTTP/1.1', [host, 'Content-Length: 2'], 'hi'),
      body: 'hi',
      head: true,
    },
    {
      name: 'octet-stream',
      bytes: post(['Content-Type: application/octet-stream', 'Content-Length: 3'], '\x00\xff\n'),
      body: '\x00\xff\n',
    },
    {
      name: 'octet-stream, chunked',
      bytes: post(['Content-Type: application/octet-stream', chunked], '3\r\n\x00\xff\n\r\n0\r\n\r\n'),
      body: '\x00\xff\n',
    },
    { name: 'two chunks', bytes: post([form, chunked], '2\r\na=\r\n3\r\nbcd\r\n0\r\n\r\n'), body: 'a=bcd' },
    {
      name: 'CHUNKED',
      bytes: post([form, 'Transfer-Encoding: CHUNKED'], '3\r\na=b\r\n0\r\n\r\n'),
      body: 'a=b',
      orRefused: true,
    },
    {
      name: 'HTTP/1.0 with CL',
      bytes: requestBytes('POST /f HTTP/1.0', [host, 'Content-Length: 2'], 'hi'),
      body: 'hi',
    },
  ])
})

t.test('every split of the bytes gives the same request', async (t) => {
  const bytes = post([form, 'Transfer-Encoding: chunked'], '4\r\na=12\r\n1;x=y\r\n3\r\n0\r\n\r\n')
  const cuts = Array.from({ length: bytes.length - 1 }, (_, i) => i + 1).filter(
    (cut) => cut % 3 === 0 || cut > bytes.length - 40,
  )
  await assertAccepted(
    t,
    bench,
    cuts.map((cut) => ({
      name: `cut at ${cut}`,
      bytes: [bytes.slice(0, cut), bytes.slice(cut)],
      target: '/f',
      body: 'a=123',
    })),
  )
})

t.test('a request that comes byte by byte is one request', async (t) => {
  const bytes = post([form, 'Content-Length: 3'], 'a=b')
  await assertAccepted(t, bench, [{ name: 'dribbled', bytes: [...bytes], target: '/f', body: 'a=b' }])
})

t.test('a body that never ends reaches the origin as no request', async (t) => {
  await assertRefused(t, bench, [
    { name: 'form shorter than its CL', bytes: post([form, 'Content-Length: 10'], 'a=b'), half: true, streams: true },
    {
      name: 'stream shorter than its CL',
      bytes: post(['Content-Type: application/octet-stream', 'Content-Length: 10'], 'abc'),
      half: true,
      streams: true,
    },
    {
      name: 'chunked without a last chunk',
      bytes: post(['Content-Type: application/octet-stream', 'Transfer-Encoding: chunked'], '3\r\nabc\r\n'),
      half: true,
      streams: true,
    },
  ])
})

t.test('bodies are inspected on every method and framing', async (t) => {
  const attack = 'a=attack-marker'
  const length = [form, `Content-Length: ${attack.length}`]
  const chunked = [form, 'Transfer-Encoding: chunked']
  const chunks = 'a\r\na=attack-m\r\n5\r\narker\r\n0\r\n\r\n'
  let ran = 0
  for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PUT', 'QUERY']) {
    for (const bytes of [
      requestBytes(`${method} /f HTTP/1.1`, [host, ...length], attack),
      requestBytes(`${method} /f HTTP/1.1`, [host, ...chunked], chunks),
    ]) {
      bench.origin.forget()
      const { response } = await sendRaw(bench.http, bytes, { head: method === 'HEAD' })
      t.equal(response?.status, 403, `${method}: blocked`)
      t.equal(bench.origin.bytesReceived(), 0, `${method}: no byte reached the origin`)
      ran++
    }
  }
  t.equal(ran, 14)
})

t.test('pipelined requests are answered in order, each inspected', async (t) => {
  bench.origin.forget()
  const get = (path: string) => requestBytes(`GET ${path} HTTP/1.1`, [host])
  await onConnection(bench.http, async (connection) => {
    connection.write(get('/1') + post([form, 'Content-Length: 3'], 'a=b') + get('/2?q=attack-marker') + get('/3'))
    const statuses: unknown[] = []
    for (let i = 0; i < 4; i++) statuses.push((await connection.response({ timeoutMs: 2_000 }))?.status)
    t.same(statuses.slice(0, 3), [200, 200, 403], 'in order')
    t.ok(statuses[3] === 200 || statuses[3] === undefined, 'a block may close the connection')
  })
  t.same(bench.origin.requests.map((r) => r.target).slice(0, 2), ['/1', '/f'])
  t.notOk(bench.origin.requests.some((r) => r.target.startsWith('/2')))
})

t.test('what follows a refused request on its connection is never read as a request', async (t) => {
  bench.origin.forget()
  await onConnection(bench.http, async (connection) => {
    connection.write(requestBytes('GET /first HTTP/1.1', [host]))
    t.equal((await connection.response())?.status, 200)
    connection.write(
      post(['Content-Length: 2', 'Transfer-Encoding: chunked'], '0\r\n\r\n') +
        requestBytes('GET /smuggled HTTP/1.1', [host]),
    )
    const status = (await connection.response())?.status ?? 0
    t.ok(status >= 400 && status < 500, `refused (${status})`)
    t.not(await connection.closed(), 'open')
  })
  t.same(
    bench.origin.requests.map((r) => r.target),
    ['/first'],
  )
})

t.test('every refusal leaves an access record', async (t) => {
  const before = (await bench.edge.accessRecords()).length
  await sendRaw(bench.http, post(['Content-Length: 2', 'Content-Length: 3'], 'hi!'), { untilClose: true })
  await sendRaw(bench.http, 'GET /x HTTP/1.1\r\nHost: shop.example\r\nbad line\r\n\r\n', { untilClose: true })
  const records = (await bench.edge.accessRecords(before + 2)).slice(before)
  t.equal(records.length, 2)
  for (const record of records) t.ok(Number(record.status) >= 400 && Number(record.status) < 500, 'with its status')
})
