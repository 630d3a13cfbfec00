import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { startLocalEdge } from '../helpers/local-edge.ts'
import { connect, requestBytes } from '../helpers/raw-client.ts'

const rules = `SecRuleEngine On
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html
SecRule RESPONSE_BODY "@contains secret" "id:1,phase:4,deny,status:403"
SecRule RESPONSE_HEADERS:X-Leak "@streq yes" "id:2,phase:3,deny,status:403"
`
const get = requestBytes('GET /events HTTP/1.1', ['Host: shop.example', 'Accept: text/event-stream'])
const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n'

t.test('events arrive one by one, while responses of other types are inspected', async (t) => {
  for (const mode of ['block', 'detect'] as const) {
    const { http, origin } = await startLocalEdge(t, { rules, mode })
    let stream: Socket | undefined
    origin.respond((_request, socket) => {
      stream = socket
      socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`)
    })
    const client = await connect(http)
    client.write(get)
    while (stream === undefined) await delay(5)
    for (let event = 1; event <= 3; event++) {
      const text = `data: event ${event}\n\n`
      const startedAt = performance.now()
      stream.write(`${text.length.toString(16)}\r\n${text}\r\n`)
      while (!client.received.includes(text)) {
        if (performance.now() - startedAt > 1_000) return void t.fail(`${mode}: event ${event} was held back`)
        await delay(2)
      }
      t.pass(`${mode}: event ${event} after ${Math.round(performance.now() - startedAt)} ms`)
    }
    stream.end('0\r\n\r\n')
    client.destroy()
  }
})

t.test('the head of a stream is inspected before its first event', async (t) => {
  const { http, origin } = await startLocalEdge(t, { rules })
  origin.respond((_request, socket) => socket.write(`${head}X-Leak: yes\r\n\r\ndata: 1\n\n`))
  const client = await connect(http)
  client.write(get)
  t.equal((await client.response())?.status, 403)
  client.destroy()
})
