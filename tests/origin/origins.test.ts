import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { createTestAuthority } from '../helpers/certificate-authority.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { startLocalEdge } from '../helpers/local-edge.ts'
import { connect, requestBytes, sendRaw } from '../helpers/raw-client.ts'
import { answerOk, startOrigin } from '../helpers/recording-origin.ts'

const get = requestBytes('GET /x HTTP/1.1', ['Host: shop.example'])
const form = 'Content-Type: application/x-www-form-urlencoded'
const post = requestBytes('POST /x HTTP/1.1', ['Host: shop.example', form, 'Content-Length: 3'], 'a=b')

t.test('a request that an origin refuses to take goes to the next one', async (t) => {
  const [closed = 0] = await freePorts(1)
  const up = await startOrigin()
  t.teardown(() => up.close())
  const { http } = await startLocalEdge(t, { origins: [`http://127.0.0.1:${closed}`, up.url] })
  for (let i = 0; i < 4; i++) t.equal((await sendRaw(http, i % 2 ? post : get)).response?.status, 200)
  t.equal(up.requests.length, 4)
})

t.test('origins take turns', async (t) => {
  const pair = [await startOrigin(), await startOrigin()]
  for (const origin of pair) t.teardown(() => origin.close())
  const { http } = await startLocalEdge(t, { origins: pair.map(({ url }) => url) })
  for (let i = 0; i < 6; i++) await sendRaw(http, get)
  t.strictSame(
    pair.map(({ requests }) => requests.length),
    [3, 3],
  )
})

t.test('an idle connection that the origin closed: GET is repeated, POST is not', async (t) => {
  const { http, origin } = await startLocalEdge(t)
  let dropsLeft = 0
  origin.respond((request, socket) => {
    if (dropsLeft-- > 0) socket.destroy()
    else answerOk(request, socket)
  })
  dropsLeft = 1
  t.equal((await sendRaw(http, get)).response?.status, 200)
  t.equal(origin.requests.length, 2, 'GET came twice')
  origin.forget()
  dropsLeft = 1
  t.equal((await sendRaw(http, post)).response?.status, 502)
  t.equal(origin.requests.length, 1, 'POST came once')
  origin.forget()
  dropsLeft = 5
  t.equal((await sendRaw(http, get)).response?.status, 502)
  t.equal(origin.requests.length, 2, 'and GET no third time')
})

t.test('no more connections than allowed, and all of them come back', async (t) => {
  const { http, origin } = await startLocalEdge(t, { limits: { origin_connections: 2 } })
  const held: Socket[] = []
  origin.respond((_request, socket) => void held.push(socket))
  const clients = [await connect(http), await connect(http)]
  for (const client of clients) client.write(get)
  while (held.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal((await sendRaw(http, get)).response?.status, 503)
  origin.respond(answerOk)
  for (const client of clients) client.destroy()
  await Promise.all(held.map((socket) => socket.destroyed || once(socket, 'close')))
  await new Promise((resolve) => setTimeout(resolve, 50))
  for (let i = 0; i < 5; i++) t.equal((await sendRaw(http, get)).response?.status, 200)
})

t.test('a missing origin_ca is an error, never "no check"', async (t) => {
  await t.rejects(startLocalEdge(t, { site: { origin: ['https://127.0.0.1:1'], origin_ca: 'missing.pem' } }), {
    code: /ACME_EDGE_CONFIG/,
  })
})

t.test('an origin has to prove its own name', async (t) => {
  const authority = await createTestAuthority()
  const caFile = join(t.testdir({}), 'ca.pem')
  writeFileSync(caFile, authority.caPem)
  const right = await startSecureOrigin(t, await authority.issue(['localhost']))
  const wrongName = await startSecureOrigin(t, await authority.issue(['shop.example']))
  const cases = [
    { name: 'no CA is known for it', port: right.port, site: {}, status: 502 },
    { name: 'its CA is known', port: right.port, site: { origin_ca: caFile }, status: 200 },
    { name: 'the name of the site is not its own', port: wrongName.port, site: { origin_ca: caFile }, status: 502 },
  ]
  for (const { name, port, site, status } of cases) {
    const { http, records } = await startLocalEdge(t, { origins: [`https://localhost:${port}`], site })
    t.equal((await sendRaw(http, get)).response?.status, status, name)
    if (status === 502) t.equal(records[0]?.notes.errorCode, 'ACME_EDGE_ORIGIN_UNREACHABLE')
  }
  t.strictSame([...right.names], ['localhost'], 'SNI is the origin’s host, not the client’s')
  t.strictSame(right.heads, [true], 'and Host stays the client’s')
})

async function startSecureOrigin(t: Test, { certPem, keyPem }: { certPem: string; keyPem: string }) {
  const names = new Set<string>()
  const heads: boolean[] = []
  const server = tls.createServer({ cert: certPem, key: keyPem }, (socket) => {
    names.add(String(socket.servername))
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      heads.push(bytes.toString().includes('host: shop.example'))
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    })
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  t.teardown(() => server.close())
  return { port: (server.address() as AddressInfo).port, names, heads } // a TCP server's address is an AddressInfo
}
