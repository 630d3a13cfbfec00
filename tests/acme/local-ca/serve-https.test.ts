import { once } from 'node:events'
import { request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { connect } from 'node:tls'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { openAuthority } from '../../../src/acme/local-ca/authority.ts'
import { privateNames } from '../../../src/acme/local-ca/permit.ts'
import { startAcmeServer } from '../../../src/acme/local-ca/start-acme-server.ts'
import { temporaryStore } from './local-ca.ts'

async function start(t: Test) {
  const { store } = await temporaryStore(t)
  const create = { permit: privateNames }
  const authority = await openAuthority({ store, create, signal: AbortSignal.timeout(10_000) })
  const hosts = ['127.0.0.1', 'ca.test', 'localhost']
  const server = await startAcmeServer({ authority, hosts, store, validationPort: 80, log: pino({ enabled: false }) })
  t.teardown(() => server.close())
  return { ...server, ca: authority.rootPem }
}

type Server = Awaited<ReturnType<typeof start>>

async function get({ port, ca }: Server, host: string, path = '/directory') {
  const servername = host === '127.0.0.1' ? '' : host.replace(/:.*/, '')
  const outgoing = request({ host: '127.0.0.1', port, ca, path, servername, headers: { host }, agent: false })
  outgoing.end()
  const [response] = await once(outgoing, 'response')
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += chunk
  return { status: response.statusCode as number, headers: response.headers, body }
}

t.test('each name of the server gets addresses under that name, and no other host gets any', async (t) => {
  const server = await start(t)
  let ran = 0
  for (const host of ['127.0.0.1', 'ca.test', 'localhost']) {
    const { status, body } = await get(server, `${host}:${server.port}`)
    t.equal(status, 200, host)
    t.equal(JSON.parse(body).newOrder, `https://${host}:${server.port}/new-order`)
    ran++
  }
  t.equal(ran, 3)
  t.equal((await get(server, `ca.test:${server.port + 1}`)).status, 421)
  t.equal((await get(server, 'ca.test')).status, 421)
  t.equal((await get(server, `localhost:${server.port}`, '/root.pem')).body, server.ca)
  t.equal((await get(server, `localhost:${server.port}`, '/nosuch')).status, 404)
  const challenge = '/.well-known/acme-challenge/x'
  t.equal(
    (await get(server, `localhost:${server.port}`, challenge)).status,
    404,
    'it answers no challenge, its own neither',
  )
})

t.test('who says nothing, or says it slowly, is cut off', { timeout: 60_000 }, async (t) => {
  const server = await start(t)
  const silent = connectTcp(server.port, '127.0.0.1')
  const slow = connect({ host: '127.0.0.1', port: server.port, ca: server.ca })
  for (const socket of [silent, slow]) socket.on('error', () => undefined).resume()
  await once(slow, 'secureConnect')
  slow.write('GET /directory HTTP/1.1\r\nhost: ')
  const dribble = setInterval(() => slow.write('x'), 500)
  const body = connect({ host: '127.0.0.1', port: server.port, ca: server.ca })
  body.on('error', () => undefined).resume()
  await once(body, 'secureConnect')
  const head = `POST /new-order HTTP/1.1\r\nhost: localhost:${server.port}\r\ncontent-type: application/jose+json\r\ncontent-length: 1000\r\n\r\n`
  body.write(head)
  const startedAt = performance.now()
  const ended = async (socket: typeof silent, name: string, mostMs: number) => {
    if (!socket.closed) await once(socket, 'close')
    const tookMs = performance.now() - startedAt
    t.ok(tookMs < mostMs, `${name} ended after ${Math.round(tookMs)} ms`)
  }
  await Promise.all([
    ended(silent, 'a handshake that never begins', 9_000),
    ended(slow, 'a head that dribbles', 9_000),
    ended(body, 'a body that never comes', 14_000),
  ])
  clearInterval(dribble)
  t.equal((await get(server, `localhost:${server.port}`)).status, 200)
})

t.test('its own certificate is renewed without a restart', async (t) => {
  const { store } = await temporaryStore(t)
  const dayMs = 86_400_000
  let nowMs = Date.now() - 5 * dayMs
  const clock = () => nowMs
  const authority = await openAuthority({
    store,
    clock,
    create: { permit: privateNames },
    signal: AbortSignal.timeout(10_000),
  })
  const options = {
    authority,
    clock,
    hosts: ['localhost'],
    validationPort: 80,
    log: pino({ enabled: false }),
    upkeepMs: 20,
  }
  const server = await startAcmeServer(options)
  t.teardown(() => server.close())
  const serial = async () => {
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: authority.rootPem, servername: 'localhost' })
    await once(socket, 'secureConnect')
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }
  const first = await serial()
  await new Promise((resolve) => setTimeout(resolve, 100))
  t.equal(await serial(), first, 'not before its time')
  nowMs += 5 * dayMs
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.not(await serial(), first)
})

t.test('its own certificate is for its names alone, from its own issuer', async (t) => {
  const server = await start(t)
  const outcome = (servername: string): Promise<unknown> => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, servername })
    socket.once('secureConnect', () => resolve('authorized'))
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code))
    return promise.finally(() => socket.destroy())
  }
  t.equal(await outcome('ca.test'), 'authorized')
  t.equal(await outcome('other.test'), 'ERR_TLS_CERT_ALTNAME_INVALID')
})
