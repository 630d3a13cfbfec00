import t from 'tap'
import { onConnection, startBench } from '../helpers/edge-cases.ts'
import { eventually } from '../helpers/edge-process.ts'
import { type RawConnection, requestBytes } from '../helpers/raw-client.ts'

const bench = await startBench(t, {
  limits: { header_timeout: '1s', body_idle_timeout: '1s', keep_alive_timeout: '1s', requests_per_socket: 3 },
})
const host = 'Host: shop.example'

t.test('a head that trickles is ended by the time limit, whatever the pace', async (t) => {
  const beginnings = { nothing: '', 'half a line': 'GET /s', 'half a head': `GET /s HTTP/1.1\r\n${host}\r\nX-A: ` }
  for (const [name, bytes] of Object.entries(beginnings)) {
    await onConnection(bench.http, async (connection) => {
      const startedMs = Date.now()
      connection.write(bytes)
      const drip = setInterval(() => bytes && connection.write('a'), 100)
      const ending = await connection.closed(5_000)
      clearInterval(drip)
      t.not(ending, 'open', `${name}: closed after ${Date.now() - startedMs} ms`)
      t.ok(Date.now() - startedMs < 4_000, `${name}: in time`)
      t.ok(
        connection.received.length === 0 || connection.received.toString('latin1').startsWith('HTTP/1.1 408'),
        `${name}: 408 or nothing`,
      )
    })
  }
  t.equal(bench.origin.bytesReceived(), 0)
})

t.test('a body that stops is ended', async (t) => {
  for (const type of ['application/x-www-form-urlencoded', 'application/octet-stream']) {
    bench.origin.forget()
    await onConnection(bench.http, async (connection) => {
      connection.write(requestBytes('POST /s HTTP/1.1', [host, `Content-Type: ${type}`, 'Content-Length: 100'], 'a=b'))
      t.not(await connection.closed(5_000), 'open', `${type}: closed`)
      t.ok(
        connection.received.length === 0 || connection.received.toString('latin1').startsWith('HTTP/1.1 408'),
        `${type}: 408 or nothing`,
      )
    })
    t.equal(bench.origin.requests.length, 0, `${type}: no complete request at the origin`)
  }
})

t.test('an idle kept connection is closed', async (t) => {
  await onConnection(bench.http, async (connection) => {
    connection.write(requestBytes('GET /s HTTP/1.1', [host]))
    t.equal((await connection.response())?.status, 200)
    t.not(await connection.closed(4_000), 'open')
  })
})

t.test('a connection serves its number of requests, then closes in an orderly way', async (t) => {
  await onConnection(bench.http, async (connection) => {
    for (let i = 0; i < 3; i++) {
      connection.write(requestBytes(`GET /s/${i} HTTP/1.1`, [host]))
      const response = await connection.response()
      t.equal(response?.status, 200)
      if (i === 2) t.match(response?.headText ?? '', /connection: close/i)
    }
    t.equal(await connection.closed(2_000), 'end')
  })
})

t.test('a client that goes away ends its request at the origin, and the request is recorded', async (t) => {
  const leave = {
    reset: (connection: RawConnection) => connection.socket.resetAndDestroy(),
    close: (connection: RawConnection) => connection.destroy(),
  }
  bench.origin.respond(() => {})
  for (const [how, go] of Object.entries(leave)) {
    const before = bench.origin.openSockets().length
    await onConnection(bench.http, async (connection) => {
      connection.write(requestBytes(`GET /${how} HTTP/1.1`, [host]))
      await eventually('the origin has it', () => bench.origin.requests.some(({ target }) => target === `/${how}`))
      go(connection)
    })
    const isRecorded = async () => (await bench.edge.accessRecords()).some(({ target }) => target === `/${how}`)
    await eventually(`${how}: recorded`, isRecorded)
    await eventually(`${how}: the origin connection is closed`, () => bench.origin.openSockets().length <= before)
    t.equal(bench.origin.requests.filter(({ target }) => target === `/${how}`).length, 1, `${how}: sent once`)
  }
})
