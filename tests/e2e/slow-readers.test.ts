import net from 'node:net'
import t from 'tap'
import { startBench } from '../helpers/edge-cases.ts'
import { eventually } from '../helpers/edge-process.ts'
import { connectHttp2, flag, frame, frameType, headerBlock } from '../helpers/http2-frames.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'
import { answerOk, type Responder } from '../helpers/recording-origin.ts'

const limits = { send_timeout: '1s', keep_alive_timeout: '1s', origin_connections: 4 }
const bench = await startBench(t, { certificateFor: ['shop.example'], limits })
const size = 50_000_000
const large: Responder = (_request, socket) => {
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ${size}\r\n\r\n`)
  socket.write(Buffer.alloc(size, 'x'))
}
const alive = requestBytes('GET /alive HTTP/1.1', ['Host: shop.example'])

t.test('clients that never read do not keep the connections to the origin', async (t) => {
  bench.origin.respond(large)
  const sockets = Array.from({ length: 4 }, () => net.connect(bench.edge.httpPort, '127.0.0.1'))
  for (const socket of sockets) {
    socket.on('error', () => {})
    socket.pause()
    socket.write(requestBytes('GET /large HTTP/1.1', ['Host: shop.example']))
    t.teardown(() => void socket.destroy())
  }
  await eventually('the origin serves all of them', () => bench.origin.requests.length >= 4)
  bench.origin.respond(answerOk)
  await eventually(
    'others are served again',
    async () => (await sendRaw(bench.http, alive)).response?.status === 200,
    8_000,
  )
})

t.test('nor do HTTP/2 clients that never open their window', async (t) => {
  bench.origin.respond(large)
  bench.origin.forget()
  const connection = await connectHttp2(bench.https)
  t.teardown(() => connection.destroy())
  const noWindow = Buffer.from([0, 4, 0, 0, 0, 0])
  const fields = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'shop.example'],
    [':path', '/large'],
  ] as const
  connection.write(frame(frameType.settings, 0, 0, noWindow))
  for (let i = 0; i < 4; i++) {
    connection.write(frame(frameType.headers, flag.endHeaders | flag.endStream, connection.open(), headerBlock(fields)))
  }
  await eventually('the origin serves all of them', () => bench.origin.requests.length >= 4)
  bench.origin.respond(answerOk)
  await eventually(
    'others are served again',
    async () => (await sendRaw(bench.http, alive)).response?.status === 200,
    8_000,
  )
})
