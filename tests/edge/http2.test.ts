import { readFileSync } from 'node:fs'
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { eventually } from '../helpers/edge-process.ts'
import { connectHttp2, flag, frame, frameType, type Http2Connection, headerBlock } from '../helpers/http2-frames.ts'
import { type LocalEdge, startLocalEdge } from '../helpers/local-edge.ts'

const certificateFor = ['shop.example']

function open(t: Test, { https }: LocalEdge): ClientHttp2Session {
  const session = http2.connect('https://shop.example', {
    host: '127.0.0.1',
    port: https.port,
    servername: 'shop.example',
    rejectUnauthorized: false,
  } as http2.SecureClientSessionOptions) // host and port go to tls.connect
  session.on('error', () => undefined)
  t.teardown(() => session.destroy())
  return session
}

/** Status of the response, or the code of the reset; then when the stream has closed. */
function outcome(stream: ClientHttp2Stream): Promise<number | string> {
  return new Promise((resolve) => {
    stream.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message))
    stream.on('response', (headers) => resolve(headers[':status'] ?? 0))
    stream.on('close', () => resolve(`closed with ${stream.rstCode}`))
    stream.resume()
  })
}

t.test('whatever its method, a request ends in the pipeline or is refused, and is recorded', async (t) => {
  const edge = await startLocalEdge(t, { certificateFor })
  const session = open(t, edge)
  t.equal(await outcome(session.request({ ':method': 'CONNECT', ':authority': 'shop.example:443' })), 405)
  t.equal(await outcome(session.request({ ':method': 'TRACE', ':path': '/' })), 405)
  t.equal(await outcome(session.request({ ':method': 'FOO', ':path': '/foo' })), 400)
  t.equal(await outcome(session.request({ ':method': 'PROPFIND', ':path': '/dav' }, { endStream: true })), 200)
  t.strictSame(
    edge.origin.requests.map(({ requestLine }) => requestLine),
    ['PROPFIND /dav HTTP/1.1'],
  )
  t.strictSame(
    edge.records.map(({ request }) => request.method),
    ['CONNECT', 'TRACE', 'FOO', 'PROPFIND'],
  )
})

t.test('streams that are reset at any moment leave nothing at the origin', async (t) => {
  const edge = await startLocalEdge(t, { certificateFor, limits: { origin_connections: 3 } })
  const { origin, records } = edge
  origin.respond((_request, socket) => {
    setTimeout(() => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(100_000)}`), 5)
  })
  const session = open(t, edge)
  let count = 0
  for (const waitMs of [0, 1, 3, 6, 10, 20]) {
    for (const method of ['GET', 'POST']) {
      const stream = session.request({ ':method': method, ':path': '/x' }, { endStream: method === 'GET' })
      stream.on('error', () => undefined)
      if (method === 'POST') stream.write('half a body')
      await delay(waitMs)
      stream.close(http2.constants.NGHTTP2_CANCEL)
      count++
    }
  }
  await eventually('each one is recorded', () => records.length >= count - 2)
  await delay(100)
  t.ok(records.length <= count, `${records.length} records of ${count} streams`)
  origin.respond((_request, socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  const after = Array.from({ length: 3 }, () => outcome(session.request({ ':path': '/after' })))
  t.strictSame(await Promise.all(after), [200, 200, 200], 'all connections are free')
})

t.test('a body that was broken off is never taken for a complete one', async (t) => {
  const edge = await startLocalEdge(t, { certificateFor })
  const ways: Record<string, (connection: Http2Connection, id: number) => void> = {
    reset: (connection, id) => connection.write(frame(frameType.rstStream, 0, id, Buffer.of(0, 0, 0, 8))),
    'reset without an error': (connection, id) => connection.write(frame(frameType.rstStream, 0, id, Buffer.alloc(4))),
    'connection lost': (connection) => void connection.socket.destroy(),
  }
  let ran = 0
  for (const [name, breakOff] of Object.entries(ways)) {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const isLost = name === 'connection lost' // what a destroyed socket has not sent yet never goes
      for (const waitMs of isLost ? [30] : [undefined, 1, 30]) {
        const connection = await connectHttp2(edge.https)
        const id = connection.open()
        const fields = [
          [':method', 'POST'],
          [':path', '/part'],
          [':scheme', 'https'],
          [':authority', 'shop.example'],
          ['content-type', type],
        ] as const
        const frames = [
          frame(frameType.headers, flag.endHeaders, id, headerBlock(fields)),
          frame(frameType.data, 0, id, Buffer.from('half=a')),
        ]
        connection.write(...frames)
        if (waitMs !== undefined) await delay(waitMs)
        breakOff(connection, id)
        ran++
        await eventually(`${name} ${type}: recorded`, () => edge.records.length === ran, 2_000)
        connection.socket.destroy()
      }
    }
  }
  t.equal(ran, 14)
  await delay(50)
  t.strictSame(edge.origin.requests, [])
  t.ok(edge.records.every(({ notes }) => notes.errorCode === 'ACME_EDGE_CLIENT_GONE'))
})

t.test('an upload that was refused does not go on for ever', async (t) => {
  const edge = await startLocalEdge(t, {
    certificateFor,
    rules: 'SecRuleEngine On\nSecRule REQUEST_HEADERS:X-Bad "@streq yes" "id:1,phase:1,deny,status:403"\n',
  })
  const session = open(t, edge)
  const stream = session.request({ ':method': 'POST', ':path': '/up', 'x-bad': 'yes' })
  const timer = setInterval(() => stream.writable && stream.write(Buffer.alloc(1_000)), 10)
  t.teardown(() => clearInterval(timer))
  t.equal(await outcome(stream), 403)
  await eventually('the stream is closed', () => stream.closed, 4_000)
  t.equal(stream.rstCode, http2.constants.NGHTTP2_NO_ERROR)
  t.equal(edge.origin.requests.length, 0)
})

t.test('fields of the origin that HTTP/2 cannot carry end one stream', async (t) => {
  const edge = await startLocalEdge(t, { certificateFor, limits: { origin_connections: 1 } })
  const session = open(t, edge)
  edge.origin.respond((_request, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nDate: a\r\nDate: b\r\nContent-Length: 900000\r\n\r\n${'x'.repeat(100_000)}`)
  })
  for (let i = 0; i < 3; i++) t.not(await outcome(session.request({ ':path': '/twice' })), 200)
  edge.origin.respond((_request, socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  t.equal(await outcome(session.request({ ':path': '/after' })), 200)
})

t.test('a stream that is refused is recorded with its fields and its body', async (t) => {
  const rules = `SecAction "id:1,phase:1,pass,log,logdata:'%{REQUEST_LINE} %{REQUEST_HEADERS.host}'"
    SecRule REQUEST_HEADERS_NAMES "@beginsWith :" "id:2,phase:1,pass,log"
    SecRule ARGS "@streq attack" "id:3,phase:2,pass,log"`
  const edge = await startLocalEdge(t, { certificateFor, rules })
  const session = open(t, edge)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = 'a=att%61ck'
  const cases: readonly [fields: http2.OutgoingHttpHeaders, status: number, line: string][] = [
    [{ ':method': 'FOO', ':path': '/foo', ...form }, 400, 'FOO /foo HTTP/2.0'],
    [{ ':method': 'POST', ':path': '/a#b', ...form }, 400, 'POST /a#b HTTP/2.0'],
    [{ ':method': 'POST', ':path': '/x', x_forwarded_for: '1', ...form }, 400, 'POST /x HTTP/2.0'],
    [{ ':method': 'POST', ':path': '/e', expect: 'y', ...form }, 417, 'POST /e HTTP/2.0'],
    [{ ':method': 'TRACE', ':path': '/t', ...form }, 405, 'TRACE /t HTTP/2.0'],
  ]
  for (const [fields, status, line] of cases) {
    const before = readFileSync(join(edge.folder, 'waf.log'), 'latin1').length
    const stream = session.request(fields)
    stream.end(body)
    t.equal(await outcome(stream), status, line)
    const log = readFileSync(join(edge.folder, 'waf.log'), 'latin1').slice(before)
    t.match(log, new RegExp(`data "${line.replaceAll('/', '/')} shop.example`), line)
    t.match(log, /\[id "3"\]/, `${line}: the body`)
    t.notMatch(log, /\[id "2"\]/, `${line}: no pseudo-header is a header`)
  }
  t.equal(edge.origin.requests.length, 0)
})

t.test('a connection that breaks the protocol is recorded', async (t) => {
  const edge = await startLocalEdge(t, { certificateFor, rules: 'SecAction "id:1,phase:1,pass,log"' })
  const connection = await connectHttp2(edge.https)
  connection.write(frame(frameType.data, 0, 0, Buffer.from('x'))) // RFC 9113 §6.1: DATA belongs to a stream
  t.ok(await connection.untilClosed())
  await eventually('it has a record', () => edge.records.length === 1)
  t.match(edge.records[0], { status: 400, notes: { verdict: 'refused', error: /^HTTP\/2: / } })
  t.match(readFileSync(join(edge.folder, 'waf.log'), 'latin1'), /\[client 127\.0\.0\.1\].*\[id "1"\]/)
})
