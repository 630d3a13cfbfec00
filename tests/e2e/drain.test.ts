import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { startBench } from '../helpers/edge-cases.ts'
import { eventually, startEdgeProcess } from '../helpers/edge-process.ts'
import { connectHttp2 } from '../helpers/http2-frames.ts'
import { connect, requestBytes } from '../helpers/raw-client.ts'
import { startOrigin } from '../helpers/recording-origin.ts'

const get = (target: string) => requestBytes(`GET ${target} HTTP/1.1`, ['Host: shop.example'])

for (const workers of [1, 2]) {
  t.test(`SIGTERM lets what runs finish and closes what idles (${workers} workers)`, async (t) => {
    const origin = await startOrigin()
    t.teardown(() => origin.close())
    const edge = await startEdgeProcess({
      origins: [origin.url],
      extra: { workers },
      limits: { keep_alive_timeout: '60s' },
    })
    t.teardown(() => edge.stop())
    const target = { port: edge.httpPort }
    const [idle, used, busy] = [await connect(target), await connect(target), await connect(target)]
    used.write(get('/used'))
    t.equal((await used.response())?.status, 200)
    origin.respond((_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst')
      setTimeout(() => socket.write('final'), 1_500)
    })
    busy.write(get('/busy'))
    await eventually('the origin has it', () => origin.requests.some((request) => request.target === '/busy'))
    const startedMs = Date.now()
    edge.signal('SIGTERM')
    t.not(await used.closed(1_000), 'open', 'a kept connection is closed at once')
    t.not(await idle.closed(1_000), 'open', 'an unused connection, too')
    await eventually('no new connection is taken', () => refuses(edge.httpPort), 1_000)
    const response = await busy.response({ timeoutMs: 5_000 })
    t.equal(response?.body.toString(), 'firstfinal', 'what runs is finished')
    t.not(await busy.closed(1_000), 'open', 'then closed')
    t.same(await edge.exited, { code: 0, signal: null })
    t.ok(Date.now() - startedMs < 5_000, `${Date.now() - startedMs} ms`)
  })
}

t.test('what never ends is cut when the time for draining is over', async (t) => {
  const bench = await startBench(t, { limits: { drain_timeout: '1s' } })
  bench.origin.respond(() => {})
  const stuck = await connect(bench.http)
  stuck.write(get('/stuck'))
  await eventually('the origin has it', () => bench.origin.requests.length === 1)
  const startedMs = Date.now()
  bench.edge.signal('SIGTERM')
  t.same(await bench.edge.exited, { code: 0, signal: null })
  t.ok(Date.now() - startedMs < 4_000, `${Date.now() - startedMs} ms`)
  t.not(await stuck.closed(1_000), 'open')
})

t.test('HTTP/2 connections are told to go away', async (t) => {
  const bench = await startBench(t, { certificateFor: ['shop.example'] })
  const connection = await connectHttp2(bench.https)
  const fields = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'shop.example'],
    [':path', '/slow'],
  ] as const
  bench.origin.respond(
    (_request, socket) => void setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow'), 700),
  )
  const stream = connection.request(fields)
  await eventually('the origin has it', () => bench.origin.requests.length === 1)
  bench.edge.signal('SIGTERM')
  const outcome = await connection.outcome(stream)
  t.equal(outcome.status, 200)
  t.equal(outcome.body.toString(), 'slow')
  t.ok(await connection.untilClosed(3_000), 'closed')
  t.same(await bench.edge.exited, { code: 0, signal: null })
})

for (const workers of [1, 2]) {
  t.test(`signals sent again while draining do no harm (${workers} workers)`, async (t) => {
    const { bench, busy } = await startBusy(t, { workers, answerMs: 2_500 })
    bench.edge.signal('SIGINT')
    for (const again of ['SIGINT', 'SIGTERM'] as const) {
      await sleep(150) // signals that pend together may arrive as one
      bench.edge.signal(again)
    }
    await sleep(1_200)
    bench.edge.signal('SIGTERM')
    t.equal((await busy.response())?.status, 200)
    t.same(await bench.edge.exited, { code: 0, signal: null })
  })

  t.test(`Ctrl-C again, a second later, ends at once (${workers} workers)`, async (t) => {
    const { bench, busy } = await startBusy(t, { workers, answerMs: 8_000 })
    bench.edge.signal('SIGTERM')
    await sleep(1_200)
    const askedMs = Date.now()
    bench.edge.signal('SIGINT')
    t.same(await bench.edge.exited, { code: 1, signal: null })
    t.not(await busy.closed(1_000), 'open', 'what ran is cut, in the workers, too')
    t.ok(Date.now() - askedMs < 3_000, `${Date.now() - askedMs} ms`)
  })
}

/** An edge with one request that its origin answers after `answerMs`. */
async function startBusy(t: Test, { workers, answerMs }: { workers: number; answerMs: number }) {
  const bench = await startBench(t, { extra: { workers } })
  bench.origin.respond((_request, socket) => {
    setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), answerMs)
  })
  const busy = await connect(bench.http)
  busy.write(get('/busy'))
  await eventually('the origin has it', () => bench.origin.requests.length === 1)
  return { bench, busy }
}

/** Whether a connection is refused, or closed without a byte. */
function refuses(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    const timer = setTimeout(() => socket.destroy(), 200)
    socket.on('error', () => resolve(true))
    socket.on('connect', () => socket.destroy())
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(false)
    })
  })
}
