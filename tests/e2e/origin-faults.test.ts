import net from 'node:net'
import t from 'tap'
import { onConnection, startBench } from '../helpers/edge-cases.ts'
import { eventually, startEdgeProcess } from '../helpers/edge-process.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'
import { headerValues } from '../helpers/raw-response.ts'
import { answerOk, startOrigin } from '../helpers/recording-origin.ts'

const bench = await startBench(t, {
  limits: { origin_response_timeout: '1s', origin_body_idle_timeout: '1s', origin_connect_timeout: '1s' },
})
const host = 'Host: shop.example'
const get = (target = '/o', ...more: string[]) => requestBytes(`GET ${target} HTTP/1.1`, [host, ...more])

t.test('an origin that is down is a 502 and the edge lives on', async (t) => {
  const [port = 0] = await freePorts(1)
  const edge = await startEdgeProcess({ origins: [`http://127.0.0.1:${port}`] })
  t.teardown(() => edge.stop())
  for (let i = 0; i < 3; i++) t.equal((await sendRaw({ port: edge.httpPort }, get())).response?.status, 502)
  t.equal(
    (await sendRaw({ port: edge.httpPort }, get('/?attack-marker'))).response?.status,
    403,
    'inspected all the same',
  )
  const late = await startOrigin(port)
  t.teardown(() => late.close())
  await eventually(
    'the origin is used once it is there',
    async () => (await sendRaw({ port: edge.httpPort }, get())).response?.status === 200,
  )
})

t.test('when one origin is down the other one answers', async (t) => {
  const [port = 0] = await freePorts(1)
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  const edge = await startEdgeProcess({ origins: [`http://127.0.0.1:${port}`, origin.url] })
  t.teardown(() => edge.stop())
  for (let i = 0; i < 6; i++) t.equal((await sendRaw({ port: edge.httpPort }, get())).response?.status, 200)
})

t.test('a broken answer of the origin is a 502', async (t) => {
  const answers: Record<string, string> = {
    'closed without a byte': '',
    'closed within the head': 'HTTP/1.1 200 OK\r\nContent-Le',
    garbage: 'this is not HTTP at all\r\n\r\n',
    'HTTP/0.9': '<html>hello</html>\n',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!',
    'length and chunked':
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    'space before the colon': 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi',
    'control in a value': 'HTTP/1.1 200 OK\r\nX-A: a\x00b\r\nContent-Length: 2\r\n\r\nhi',
    'folded header': 'HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 2\r\n\r\nhi',
    'endless head': `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(300_000)}\r\n\r\n`,
  }
  for (const [name, bytes] of Object.entries(answers)) {
    bench.origin.respond((_request, socket) => void socket.end(Buffer.from(bytes, 'latin1')))
    const { response } = await sendRaw(bench.http, get())
    t.equal(response?.status, 502, name)
    t.notMatch(response?.body.toString() ?? '', /undici|ECONN|socket|at .*\.ts/i, `${name}: nothing internal`)
  }
  bench.origin.respond((_request, socket) => socket.resetAndDestroy())
  t.equal((await sendRaw(bench.http, get())).response?.status, 502, 'reset')
})

t.test('an origin that does not answer in time is a 504', async (t) => {
  bench.origin.respond(() => {})
  const startedMs = Date.now()
  t.equal((await sendRaw(bench.http, get())).response?.status, 504, 'no byte')
  t.ok(Date.now() - startedMs < 4_000, `after ${Date.now() - startedMs} ms`)
  bench.origin.respond((_request, socket) => socket.write('HTTP/1.1 200 OK\r\nX-Slow: '))
  t.equal((await sendRaw(bench.http, get())).response?.status, 504, 'half a head')
})

t.test('a body that breaks off never looks complete', async (t) => {
  const heads = {
    length: 'Content-Length: 100\r\n\r\npart',
    chunked: 'Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n',
  }
  for (const [name, head] of Object.entries(heads)) {
    for (const how of ['end', 'reset', 'stall'] as const) {
      bench.origin.respond((_request, socket) => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n${head}`)
        if (how === 'end') setTimeout(() => socket.end(), 50)
        if (how === 'reset') setTimeout(() => socket.resetAndDestroy(), 50)
      })
      await onConnection(bench.http, async (connection) => {
        connection.write(get())
        await connection.closed(4_000)
        const text = connection.received.toString('latin1')
        t.not(connection.ending, 'open', `${name}, ${how}: the connection is gone`)
        const clean =
          text.startsWith('HTTP/1.1 200') &&
          (text.includes('\r\n0\r\n\r\n') || text.length - text.indexOf('\r\n\r\n') - 4 >= 100)
        t.notOk(clean, `${name}, ${how}: not a complete 200`)
        t.ok(
          text.startsWith('HTTP/1.1 200') || /^HTTP\/1\.1 50[24]/.test(text),
          `${name}, ${how}: cut short or a 502/504`,
        )
      })
    }
  }
})

t.test('a response that ends with the connection is forwarded whole', async (t) => {
  bench.origin.respond((_request, socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end'))
  const { response } = await sendRaw(bench.http, get())
  t.equal(response?.body.toString(), 'until the end')
  bench.origin.respond((_request, socket) => void socket.end('HTTP/1.0 200 OK\r\n\r\nold'))
  t.equal((await sendRaw(bench.http, get())).response?.body.toString(), 'old')
})

t.test('a reply that comes before the body was sent', async (t) => {
  bench.origin.respond(answerOk, (_head, socket) => {
    socket.write('HTTP/1.1 403 No\r\nContent-Length: 5\r\nConnection: close\r\n\r\nearly')
    setTimeout(() => socket.destroy(), 200)
    return true
  })
  const headers = [host, 'Content-Type: application/octet-stream', 'Content-Length: 10000000']
  await onConnection(bench.http, async (connection) => {
    connection.write(requestBytes('POST /o HTTP/1.1', headers, 'x'.repeat(100_000)))
    const response = await connection.response()
    t.equal(response?.status, 403)
    t.equal(response?.body.toString(), 'early')
    for (let i = 0; i < 50; i++) connection.write('y'.repeat(100_000))
    connection.write(get('/after'))
    await connection.closed(3_000)
  })
  bench.origin.respond(answerOk)
  t.equal((await sendRaw(bench.http, get())).response?.status, 200, 'the edge lives on')
})

t.test('interim responses do not disturb the final one', async (t) => {
  const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n'
  bench.origin.respond((_request, socket) => socket.write(`${interim}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi`))
  const { response } = await sendRaw(bench.http, get())
  t.equal(response?.status, 200)
  t.equal(response?.body.toString(), 'hi')
})

t.test('bytes that nobody asked for never answer the next request', async (t) => {
  bench.origin.respond((_request, socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison')
  })
  for (let i = 0; i < 6; i++) {
    const { response } = await sendRaw(bench.http, get())
    t.notMatch(response?.body.toString() ?? '', /poison/, `request ${i}`)
    if (i % 2 === 1) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  bench.origin.respond((request, socket) => {
    answerOk(request, socket)
    setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'), 20)
  })
  for (let i = 0; i < 4; i++) {
    t.notMatch((await sendRaw(bench.http, get())).response?.body.toString() ?? '', /poison/, `late ${i}`)
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
})

t.test('a kept connection that the origin has just closed: GET is sent again once, POST never', async (t) => {
  const seen: string[] = []
  const fragile = net.createServer((socket) => {
    let count = 0
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      count++
      seen.push(chunk.toString('latin1').split(' ')[0] ?? '')
      if (count > 1) socket.resetAndDestroy()
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
    })
  })
  await new Promise<void>((resolve) => fragile.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void fragile.close())
  const { port } = fragile.address() as net.AddressInfo // a TCP server's address is an AddressInfo
  const edge = await startEdgeProcess({ origins: [`http://127.0.0.1:${port}`] })
  t.teardown(() => edge.stop())
  const send = (bytes: string) => sendRaw({ port: edge.httpPort }, bytes)
  t.equal((await send(get())).response?.status, 200, 'opens the connection')
  t.equal((await send(get())).response?.status, 200, 'the kept connection breaks, a new one answers')
  seen.length = 0
  const post = requestBytes('POST /o HTTP/1.1', [host, 'Content-Length: 2'], 'hi')
  t.equal((await send(get())).response?.status, 200)
  seen.length = 0
  t.equal((await send(post)).response?.status, 502)
  t.equal(seen.filter((method) => method === 'POST').length, 1, 'a POST is sent once')
})

t.test('an origin over TLS that nobody vouches for is a 502', async (t) => {
  const edge = await startEdgeProcess({ origins: [`https://127.0.0.1:${bench.edge.httpPort}`] })
  t.teardown(() => edge.stop())
  t.equal((await sendRaw({ port: edge.httpPort }, get())).response?.status, 502, 'no TLS at all')
  const secure = await startBench(t, { certificateFor: ['shop.example'] })
  const front = await startEdgeProcess({ origins: [`https://127.0.0.1:${secure.edge.httpsPort}`] })
  t.teardown(() => front.stop())
  t.equal((await sendRaw({ port: front.httpPort }, get())).response?.status, 502, 'self-signed')
  t.equal(secure.origin.bytesReceived(), 0)
})

t.test('a failing origin never makes a refused or failed answer cacheable', async (t) => {
  bench.origin.respond((_request, socket) => socket.resetAndDestroy())
  const { response } = await sendRaw(bench.http, get())
  t.equal(response?.status, 502)
  t.match(headerValues(response, 'cache-control').join(), /no-store/)
  bench.origin.respond(answerOk)
})
