import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import t, { type Test } from 'tap'
import { eventually, spawnEdge, startEdgeProcess } from '../helpers/edge-process.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { pebbleMissing, startPebble } from '../helpers/pebble.ts'
import { redisMissing, startRedis } from '../helpers/redis.ts'
import { setRenewalInfo, windowAt } from '../helpers/renewal-window.ts'

const skip = pebbleMissing()
const unrecognized = 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME'

interface Decider {
  readonly url: string
  readonly asked: string[]
  /** No longer allowed. */
  readonly refused: Set<string>
  readonly server: Server
}

/** Allows what begins with `ok`. */
async function startDecider(t: Test): Promise<Decider> {
  const asked: string[] = []
  const refused = new Set<string>()
  const handler: RequestListener = ({ url = '' }, response) => {
    const name = new URL(url, 'http://decider').searchParams.get('domain') ?? ''
    asked.push(name)
    response.writeHead(name.startsWith('ok') && !refused.has(name) ? 200 : 404).end()
  }
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo // listening on TCP
  return { url: `http://127.0.0.1:${port}/decide?from=edge`, asked, refused, server }
}

async function fixture(t: Test, { workers = 1, limits = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-on-demand-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const pebble = await startPebble({ folder })
  t.teardown(() => pebble.stop())
  const decider = await startDecider(t)
  const [httpsPort = 0, adminPort = 0] = await freePorts(2)
  const onDemand = { ask: decider.url, timeout: '1s', limits }
  const write = (acme: object) =>
    writeFileSync(
      join(folder, 'edge.yaml'),
      JSON.stringify({
        listen: { http: [`127.0.0.1:${pebble.httpPort}`], https: [`127.0.0.1:${httpsPort}`] },
        waf: { mode: 'off', rules: [] },
        acme: { directory: pebble.directory, root_ca: pebble.rootCa, ...acme },
        store: 'file:store',
        admin: { listen: `127.0.0.1:${adminPort}` },
        workers,
        log: { access: 'off' },
        limits: { drain_timeout: '500ms' },
      }),
    )
  write({ on_demand: onDemand })
  const edge = spawnEdge(['run', '--config', 'edge.yaml'], { cwd: folder })
  t.teardown(async () => {
    edge.child.kill('SIGTERM')
    await edge.exited
  })
  const ready = async () => (await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => undefined))?.ok === true
  await eventually('the edge is ready', ready, 20_000)
  const shake = (name: string) => handshake(httpsPort, name)
  const generations = (name: string) => {
    const path = join(folder, 'store/archive', name)
    return existsSync(path) ? readdirSync(path).length : 0
  }
  const metrics = async () => (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  return { folder, decider, edge, shake, generations, write, onDemand, metrics, pebble, ready }
}

function handshake(port: number, servername: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
    socket.setTimeout(25_000, () => {
      socket.destroy()
      resolve('timeout')
    })
    socket.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message))
    socket.on('secureConnect', () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? '')
      socket.destroy()
    })
  })
}

for (const workers of [1, 3]) {
  t.test(`${workers} worker(s): the first handshakes get a certificate of the CA`, { skip }, async (t) => {
    const { shake, generations, decider, folder, edge, metrics } = await fixture(t, { workers })
    const first = await Promise.all(Array.from({ length: 12 }, () => shake('ok.shop.example')))
    t.strictSame(first, Array(12).fill('DNS:ok.shop.example'), edge.stderr())
    t.equal(generations('ok.shop.example'), 1, 'twelve handshakes made one order')
    t.equal(decider.asked.filter((name) => name === 'ok.shop.example').length, 1)
    const pem = readFileSync(join(folder, 'store/live/ok.shop.example/cert.pem'), 'utf8')
    t.match(pem, /BEGIN CERTIFICATE/)
    const next = await Promise.all(Array.from({ length: 12 }, () => shake('OK.shop.example')))
    t.strictSame(next, Array(12).fill('DNS:ok.shop.example'))
    t.equal(await shake('no.shop.example'), unrecognized)
    t.equal(await shake('no.shop.example'), unrecognized)
    t.equal(decider.asked.filter((name) => name === 'no.shop.example').length, 1, 'a no is remembered')
    t.equal(generations('no.shop.example'), 0)
    const flood = await Promise.all(Array.from({ length: 1_000 }, (_, i) => shake(`n${i}.flood.example`)))
    t.strictSame(new Set(flood), new Set([unrecognized]))
    const asked = decider.asked.filter((name) => name.endsWith('.flood.example')).length
    t.ok(asked >= 1 && asked < 300, `${asked} questions for 1,000 names`)
    t.equal(await shake('ok.shop.example'), 'DNS:ok.shop.example')
    t.match(await metrics(), /^acme_edge_on_demand_total\{result="obtained"\} 1$/m)
    t.match(await metrics(), /^acme_edge_on_demand_running 0$/m)
  })
}

t.test('one that is in use is renewed when the CA says so, if it is still allowed', { skip }, async (t) => {
  const { shake, generations, decider, edge, folder, pebble, ready } = await fixture(t)
  for (const name of ['ok1.example', 'ok2.example']) t.equal(await shake(name), `DNS:${name}`)
  edge.child.kill('SIGTERM')
  await edge.exited
  for (const name of ['ok1.example', 'ok2.example']) {
    const chain = readFileSync(join(folder, 'store/live', name, 'fullchain.pem'), 'utf8')
    await setRenewalInfo(pebble, chain, windowAt(-1))
  }
  decider.refused.add('ok2.example')
  const again = spawnEdge(['run', '--config', 'edge.yaml'], { cwd: folder })
  t.teardown(async () => {
    again.child.kill('SIGTERM')
    await again.exited
  })
  await eventually('the edge is ready', ready, 20_000)
  for (const name of ['ok1.example', 'ok2.example']) t.equal(await shake(name), `DNS:${name}`, 'served meanwhile')
  await eventually('it is renewed', () => generations('ok1.example') === 2, 20_000)
  t.equal(generations('ok2.example'), 1)
  t.equal(decider.asked.filter((name) => name === 'ok2.example').length, 2, 'asked again, and refused')
})

t.test(
  'three edges that share a Redis make one order, and all have the certificate',
  { skip: skip || redisMissing() },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'acme-edge-on-demand-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    const redis = await startRedis({ folder })
    t.teardown(() => redis.stop())
    const pebble = await startPebble({ folder })
    t.teardown(() => pebble.stop())
    const decider = await startDecider(t)
    const ports = await freePorts(6)
    const acme = { directory: pebble.directory, root_ca: pebble.rootCa, on_demand: { ask: decider.url } }
    const start = async (http: number, https: number) => {
      const listen = { http: [`127.0.0.1:${http}`], https: [`127.0.0.1:${https}`] }
      const edge = await startEdgeProcess({
        origins: ['http://127.0.0.1:9'],
        redis: redis.url,
        extra: { listen, acme },
      })
      t.teardown(() => edge.stop())
      return { edge, https }
    }
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = ports
    // The CA asks the first one, whoever orders.
    const edges = await Promise.all([start(pebble.httpPort, a), start(b, c), start(d, e)])
    const shakeAll = (name: string) => Promise.all(edges.map(({ https }) => handshake(https, name)))
    t.strictSame(await shakeAll('ok.shop.example'), Array(3).fill('DNS:ok.shop.example'))
    t.strictSame(await shakeAll('no.shop.example'), Array(3).fill(unrecognized))
    const orders = edges.map(({ edge }) => edge.stderr().split('"certificate installed"').length - 1)
    t.equal(
      orders.reduce((sum, count) => sum + count, 0),
      1,
      `orders: ${orders.join()}`,
    )
  },
)

t.test('nobody decides: refused; limits hold; a reload switches it off', { skip }, async (t) => {
  const limits = { per_minute: 5, per_registered_domain: '2/1h' }
  const { shake, decider, write, edge, onDemand } = await fixture(t, { limits })
  const names = ['ok1', 'ok2', 'ok3'].map((label) => `${label}.shop.example`)
  const results = await Promise.all(names.map(shake))
  t.equal(results.filter((one) => one.startsWith('DNS:')).length, 2, 'two a registered domain')
  t.equal(await shake('ok4.other.example'), 'DNS:ok4.other.example')
  let tries = 0
  const isAsked = async () => {
    const before = decider.asked.length
    await shake(`no${tries++}.third.example`)
    return decider.asked.length > before
  }
  t.equal(await isAsked(), true)
  write({})
  edge.child.kill('SIGHUP')
  await eventually('it is off', async () => !(await isAsked()), 20_000)
  t.equal(await shake('ok5.third.example'), unrecognized)
  write({ on_demand: onDemand })
  edge.child.kill('SIGHUP')
  await eventually('it is on again', isAsked, 20_000)
  decider.server.closeAllConnections()
  await once(decider.server.close(), 'close')
  t.equal(await shake('ok6.fourth.example'), unrecognized, 'fails closed')
  await eventually('the log says so', () => edge.stderr().includes('acme.on_demand.ask does not answer'))
})

t.test('a restart allows no more orders', { skip }, async (t) => {
  const limits = { per_minute: 100, per_registered_domain: '2/1h' }
  const { folder, shake, edge, ready, metrics, decider } = await fixture(t, { limits })
  for (const label of ['ok1', 'ok2']) t.equal(await shake(`${label}.shop.example`), `DNS:${label}.shop.example`)
  edge.child.kill('SIGKILL')
  await edge.exited
  const again = spawnEdge(['run', '--config', 'edge.yaml'], { cwd: folder })
  t.teardown(async () => {
    again.child.kill('SIGTERM')
    await again.exited
  })
  await eventually('the edge is ready', ready, 20_000)
  t.equal(await shake('ok3.shop.example'), unrecognized)
  t.ok(decider.asked.includes('ok3.shop.example'), 'it was allowed')
  t.match(await metrics(), /^acme_edge_on_demand_total\{result="limited"\} 1$/m)
  t.equal(await shake('ok3.other.example'), 'DNS:ok3.other.example')
})
