import { createHash } from 'node:crypto'
import t from 'tap'
import { assertRefused, inspectionsOf, onConnection, startBench } from '../helpers/edge-cases.ts'
import { eventually } from '../helpers/edge-process.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'
import { headerValues } from '../helpers/raw-response.ts'
import { answerOk, type HeadListener } from '../helpers/recording-origin.ts'

const bench = await startBench(t)
const host = 'Host: shop.example'
const key = 'dGhlIHNhbXBsZSBub25jZQ=='
const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
const handshake = [
  host,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  `Sec-WebSocket-Key: ${key}`,
]
const open = (target = '/ws', ...more: string[]) => requestBytes(`GET ${target} HTTP/1.1`, [...handshake, ...more])

/** Answers the handshake after a delay and echoes what comes through the tunnel. */
function tunnel(seen: { early: string }, acceptValue = accept, delayMs = 100): HeadListener {
  return (_head, socket) => {
    let opened = false
    socket.on('data', (chunk) => {
      if (!opened) seen.early += chunk.toString('latin1')
      else socket.write(chunk)
    })
    setTimeout(() => {
      opened = true
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${acceptValue}\r\n\r\n`,
      )
    }, delayMs)
    return true
  }
}

t.test('a websocket handshake is inspected, then the tunnel carries bytes both ways', async (t) => {
  const seen = { early: '' }
  bench.origin.respond(answerOk, tunnel(seen))
  await onConnection(bench.http, async (connection) => {
    connection.write(open('/ws', 'X-Probe: websocket'))
    const response = await connection.response()
    t.equal(response?.status, 101)
    t.same(headerValues(response, 'sec-websocket-accept'), [accept])
    connection.write('\x81\x02hi')
    t.equal((await connection.bytes(4)).toString('latin1'), '\x81\x02hi', 'echoed')
  })
  t.equal(inspectionsOf(bench.edge, 'websocket').length, 1, 'inspected once')
  await eventually('the tunnel to the origin is closed', () =>
    bench.origin.openSockets().every((socket) => socket.destroyed),
  )
})

t.test('no byte behind the handshake reaches the origin before its 101', async (t) => {
  const seen = { early: '' }
  bench.origin.respond(answerOk, tunnel(seen, accept, 300))
  await onConnection(bench.http, async (connection) => {
    connection.write(`${open()}GET /smuggled HTTP/1.1\r\n\r\n`)
    await connection.response()
  })
  t.equal(seen.early, '')
})

t.test('a 101 without the right accept value opens nothing', async (t) => {
  const seen = { early: '' }
  for (const value of ['bm90IHRoZSByaWdodCBvbmUhISEh', '']) {
    bench.origin.respond(answerOk, tunnel(seen, value, 10))
    const { response } = await sendRaw(bench.http, open())
    t.equal(response?.status, 502, JSON.stringify(value))
  }
})

t.test('a 101 that nobody asked for is a 502', async (t) => {
  bench.origin.respond(answerOk, tunnel({ early: '' }, accept, 10))
  const { response } = await sendRaw(bench.http, requestBytes('GET /ws HTTP/1.1', [host]))
  t.equal(response?.status, 502)
})

t.test('an origin that declines answers like any other', async (t) => {
  bench.origin.respond(answerOk)
  const { response } = await sendRaw(bench.http, open())
  t.equal(response?.status, 200)
  t.equal(response?.body.toString(), 'origin')
})

t.test('an attack in a handshake is blocked', async (t) => {
  bench.origin.respond(answerOk)
  bench.origin.forget()
  for (const bytes of [
    open('/ws?attack-marker'),
    open('/ws', 'Cookie: a=attack-marker'),
    open('/ws', 'Sec-WebSocket-Protocol: attack-marker'),
  ]) {
    t.equal((await sendRaw(bench.http, bytes)).response?.status, 403)
  }
  t.equal(bench.origin.bytesReceived(), 0)
})

t.test('an upgrade with a body or another method is an ordinary, inspected request', async (t) => {
  bench.origin.respond(answerOk)
  const body = 'a=attack-marker'
  const headers = [...handshake, 'Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`]
  for (const method of ['POST', 'GET', 'PUT']) {
    bench.origin.forget()
    const { response } = await sendRaw(bench.http, requestBytes(`${method} /ws HTTP/1.1`, headers, body))
    const status = response?.status ?? 0
    t.ok(status >= 400 && status < 500, `${method}: blocked or refused (${status})`)
    t.equal(bench.origin.bytesReceived(), 0, `${method}: nothing at the origin`)
  }
  const { response } = await sendRaw(
    bench.http,
    requestBytes('POST /ws HTTP/1.1', [...handshake, 'Content-Length: 2'], 'hi'),
  )
  t.ok(response?.status === 200 || response?.status === 400, `clean POST: ${response?.status}`)
  for (const request of bench.origin.requests) t.same(headerValues(request, 'upgrade'), [], 'no upgrade at the origin')
})

t.test('Expect: 100-continue is answered by the edge, after the headers were inspected', async (t) => {
  bench.origin.respond(answerOk)
  bench.origin.forget()
  const expecting = [
    host,
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Length: 3',
    'Expect: 100-continue',
  ]
  await onConnection(bench.http, async (connection) => {
    connection.write(requestBytes('POST /e HTTP/1.1', expecting))
    t.equal((await connection.response({ interim: true }))?.status, 100)
    connection.write('a=b')
    t.equal((await connection.response())?.status, 200)
  })
  t.equal(bench.origin.requests[0]?.body.toString(), 'a=b')
  t.same(headerValues(bench.origin.requests[0], 'expect'), [], 'not forwarded')
  await onConnection(bench.http, async (connection) => {
    connection.write(requestBytes('POST /e?attack-marker HTTP/1.1', expecting))
    t.equal((await connection.response({ interim: true }))?.status, 403, 'no 100 for a blocked request')
  })
  await onConnection(bench.http, async (connection) => {
    connection.write(requestBytes('POST /e HTTP/1.1', expecting, 'a=b'))
    t.equal((await connection.response({ interim: true }))?.status, 200, 'a body that does not wait: no 100')
  })
})

t.test('any other expectation is 417', async (t) => {
  bench.origin.respond(answerOk)
  const expectations = [
    '200-ok',
    'y 100-continue',
    '100-continue, x',
    'x, 100-continue',
    '100-continue;q=1',
    '100-continu',
    'xyz',
  ]
  await assertRefused(
    t,
    bench,
    expectations.map((value) => ({
      name: value,
      bytes: requestBytes('POST /e HTTP/1.1', [host, 'Content-Length: 0', `Expect: ${value}`]),
      status: 417,
    })),
  )
  await assertRefused(t, bench, [
    {
      name: 'Expect twice',
      bytes: requestBytes('POST /e HTTP/1.1', [host, 'Content-Length: 0', 'Expect: 100-continue', 'Expect: x']),
      status: 417,
    },
  ])
})

t.test('what follows a declined handshake is a request like any other', async (t) => {
  bench.origin.respond(answerOk)
  bench.origin.forget()
  await onConnection(bench.http, async (connection) => {
    connection.write(
      open() + requestBytes('GET /?attack-marker HTTP/1.1', [host]) + requestBytes('GET /next HTTP/1.1', [host]),
    )
    t.equal((await connection.response())?.status, 200, 'declined')
    const second = await connection.response({ timeoutMs: 3_000 })
    t.ok(second === undefined || second.status === 403, `blocked, or the connection is over (${second?.status})`)
  })
  t.notOk(bench.origin.requests.some(({ raw }) => raw.includes('attack-marker')))
})

t.test('a challenge is answered whatever the upgrade that comes with it', async (t) => {
  const token = 'u'.repeat(43)
  const key = await bench.edge.publish('shop.example', token)
  const { response } = await sendRaw(bench.http, open(`/.well-known/acme-challenge/${token}`))
  t.equal(response?.status, 200)
  t.equal(response?.body.toString(), key)
})

t.test('an open tunnel does not keep the edge from stopping', async (t) => {
  const short = await startBench(t, { limits: { drain_timeout: '1s' } })
  short.origin.respond(answerOk, tunnel({ early: '' }))
  await onConnection(short.http, async (connection) => {
    connection.write(open())
    t.equal((await connection.response())?.status, 101)
    short.edge.signal('SIGTERM')
    t.not(await connection.closed(4_000), 'open')
    t.same(await short.edge.exited, { code: 0, signal: null })
  })
})
