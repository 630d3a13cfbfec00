import t from 'tap'
import { assertAccepted, startBench } from '../helpers/edge-cases.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'
import { headerValues } from '../helpers/raw-response.ts'
import { answerOk, type RecordedRequest } from '../helpers/recording-origin.ts'

const bench = await startBench(t)
const host = 'Host: shop.example'
const get = (...headers: string[]) => requestBytes('GET /p HTTP/1.1', [host, ...headers])

t.test('a Connection header cannot strip what matters', async (t) => {
  const options =
    'close, X-Forwarded-For, Host, Cookie, Content-Length, Authorization, Forwarded, X-Real-IP, X-Forwarded-Proto, X-Forwarded-Host, Content-Type'
  const headers = [
    'Cookie: a=b',
    'Authorization: Basic eDp5',
    'Content-Type: text/plain',
    'Content-Length: 2',
    `Connection: ${options}`,
  ]
  await assertAccepted(t, bench, [
    {
      name: 'Connection naming everything',
      bytes: requestBytes('POST /p HTTP/1.1', [host, ...headers], 'hi'),
      body: 'hi',
      present: [host, ...headers.slice(0, 4)],
    },
  ])
  const [request] = bench.origin.requests
  t.same(valuesOf(request, 'x-forwarded-for'), ['127.0.0.1'])
  t.same(valuesOf(request, 'x-forwarded-proto'), ['http'])
  t.notMatch(valuesOf(request, 'connection').join(), /cookie|host|length/i)
})

t.test('hop-by-hop headers of the request end at the edge', async (t) => {
  const gone = [
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic eDp5',
    'Proxy-Authenticate: Basic',
    'TE: trailers',
    'Trailer: X-T',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABk',
  ]
  const names = gone.map((line) => line.slice(0, line.indexOf(':')).toLowerCase())
  await assertAccepted(t, bench, [
    { name: 'all of them', bytes: get(...gone, 'Connection: Upgrade, HTTP2-Settings, TE'), absent: names },
    ...gone.map((line, i) => ({ name: line, bytes: get(line), absent: [names[i] ?? ''] })),
    {
      name: 'a header that Connection names',
      bytes: get('X-Private: 1', 'Connection: X-Private'),
      absent: ['x-private'],
    },
    {
      name: 'Connection twice',
      bytes: get('Connection: X-One', 'Connection: keep-alive, x-two', 'X-One: 1', 'X-Two: 2'),
      absent: ['x-one', 'x-two'],
    },
    { name: 'Upgrade: foo', bytes: get('Connection: Upgrade', 'Upgrade: foo'), absent: ['upgrade'] },
    {
      name: 'Upgrade: h2c, websocket',
      bytes: get('Connection: Upgrade', 'Upgrade: h2c, websocket'),
      absent: ['upgrade'],
      orRefused: true,
    },
    { name: 'websocket without Connection', bytes: get('Upgrade: websocket'), absent: ['upgrade'] },
  ])
})

t.test("the client's connection handling is not the origin's", async (t) => {
  const { response, ending } = await sendRaw(bench.http, get('Connection: close'), { untilClose: true })
  t.equal(response?.status, 200)
  t.equal(ending, 'end', 'closed as the client asked')
  t.notMatch(valuesOf(bench.origin.requests.at(-1), 'connection').join(), /close/i, 'the origin connection is kept')
})

t.test('forwarding headers are set by the edge; what a client claims is dropped', async (t) => {
  const claims = [
    'X-Forwarded-For: 6.6.6.6',
    'x-forwarded-for: 6.6.6.7',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil',
    'X-Forwarded-Port: 666',
    'X-Real-IP: 6.6.6.6',
    'Forwarded: for=6.6.6.6;proto=https;host=evil',
    'X-Forwarded-Server: evil',
    'X-Forwarded-Ssl: on',
  ]
  await assertAccepted(t, bench, [{ name: 'claims', bytes: get(...claims) }])
  const [request] = bench.origin.requests
  t.same(valuesOf(request, 'x-forwarded-for'), ['127.0.0.1'])
  t.same(valuesOf(request, 'x-forwarded-proto'), ['http'])
  t.same(valuesOf(request, 'x-forwarded-host'), ['shop.example'])
  t.same(
    valuesOf(request, 'x-real-ip').filter((value) => value !== '127.0.0.1'),
    [],
  )
  const forwarding = (request?.headers ?? []).filter(([name]) => /^(x-forwarded|forwarded|x-real-ip)/i.test(name))
  t.notMatch(JSON.stringify(forwarding), /6\.6\.6|evil|666|on"/)
})

t.test('a claim of the client is inspected before it is dropped', async (t) => {
  for (const name of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Keep-Alive', 'TE', 'Proxy-Connection']) {
    t.equal((await sendRaw(bench.http, get(`${name}: attack-marker`))).response?.status, 403, name)
  }
})

t.test('a trusted proxy is believed', async (t) => {
  const trusting = await startBench(t, { extra: { trusted_proxies: ['127.0.0.0/8'] } })
  await assertAccepted(t, trusting, [
    { name: 'chain', bytes: get('X-Forwarded-For: 6.6.6.6, 9.9.9.9', 'X-Forwarded-Proto: https') },
  ])
  const [request] = trusting.origin.requests
  t.match(valuesOf(request, 'x-forwarded-for').join(', '), /(^|, )9\.9\.9\.9, 127\.0\.0\.1$/)
  t.same(valuesOf(request, 'x-forwarded-proto'), ['https'])
  t.same(
    valuesOf(request, 'x-real-ip').filter((value) => value !== '9.9.9.9'),
    [],
    'counted from the right',
  )
})

t.test("the origin's hop-by-hop headers end at the edge, the others arrive as they are", async (t) => {
  const kept = [
    'Set-Cookie: a=1',
    'Set-Cookie: b=2; Path=/',
    'X-Mixed-Case: yes',
    'x-lower: v',
    'Server: origin/1',
    'Content-Type: text/plain',
    'ETag: "x"',
    'Date: Mon, 01 Jan 2024 00:00:00 GMT',
  ]
  const dropped = [
    'Keep-Alive: timeout=9',
    'Proxy-Connection: x',
    'Proxy-Authenticate: Basic',
    'Upgrade: h2c',
    'X-Private: 1',
    'Connection: keep-alive, X-Private',
  ]
  bench.origin.respond((_request, socket) =>
    socket.write(
      `HTTP/1.1 200 OK\r\n${[...kept, ...dropped].join('\r\n')}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Trailer: 1\r\n\r\n`,
    ),
  )
  const { response } = await sendRaw(bench.http, get())
  t.equal(response?.status, 200)
  t.equal(response?.body.toString(), 'hi')
  const lines = response?.headers.map(([name, value]) => `${name}: ${value}`) ?? []
  for (const line of kept) t.equal(lines.filter((other) => other === line).length, 1, line)
  for (const name of ['proxy-connection', 'proxy-authenticate', 'upgrade', 'x-private'])
    t.same(headerValues(response, name), [], name)
  t.notMatch(headerValues(response, 'keep-alive').join(), /timeout=9/)
  bench.origin.respond(answerOk)
})

t.test('bodiless responses stay bodiless', async (t) => {
  for (const status of [204, 304]) {
    bench.origin.respond((_request, socket) => socket.write(`HTTP/1.1 ${status} x\r\nETag: "a"\r\n\r\n`))
    const { response, rest } = await sendRaw(bench.http, get())
    t.equal(response?.status, status)
    t.equal(rest.length, 0, `${status}: nothing after the head`)
    t.same(headerValues(response, 'transfer-encoding'), [])
  }
  bench.origin.respond((_request, socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n'))
  const { response, rest } = await sendRaw(bench.http, requestBytes('HEAD /p HTTP/1.1', [host]), { head: true })
  t.same(headerValues(response, 'content-length'), ['1234'], 'HEAD keeps the length')
  t.equal(rest.length, 0)
  bench.origin.respond(answerOk)
})

function valuesOf(request: RecordedRequest | undefined, name: string): string[] {
  return headerValues(request, name)
}
