import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { openAuthority } from '../../src/acme/local-ca/authority.ts'
import { startAcmeServer } from '../../src/acme/local-ca/start-acme-server.ts'
import { createLog } from '../../src/log.ts'
import { type EdgeProcess, eventually, spawnEdge, startEdgeProcess } from '../helpers/edge-process.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { createMemoryStore } from '../helpers/memory-store.ts'
import { startOrigin } from '../helpers/recording-origin.ts'
import { redisMissing, startRedis } from '../helpers/redis.ts'
import { servedCertificate } from '../helpers/validator.ts'

const skip = redisMissing()

t.test('five edges start at once and want the same certificates', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-replicas-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const redis = await startRedis({ folder: join(folder, 'redis') })
  t.teardown(() => redis.stop())
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  const edges: EdgeProcess[] = []
  const httpPorts: number[] = []
  const balancer = await startBalancer(() => httpPorts)
  t.teardown(() => balancer.close())
  const log = createLog('silent')
  const authority = await openAuthority({ store: createMemoryStore(), signal: AbortSignal.timeout(10_000) })
  const ca = await startAcmeServer({ authority, validationPort: balancer.port, log })
  t.teardown(() => ca.close())
  const names = ['one.localhost', 'two.localhost', 'three.localhost']
  const acme = { directory: ca.directoryUrl, certificates: names.map((name) => ({ names: [name] })) }
  const start = async () => {
    const [http = 0] = await freePorts(1)
    const [https = 0] = await freePorts(1)
    httpPorts.push(http)
    const listen = { http: [`127.0.0.1:${http}`], https: [`127.0.0.1:${https}`] }
    const edge = await startEdgeProcess({ origins: [origin.url], redis: redis.url, extra: { listen, acme } })
    t.teardown(() => edge.stop())
    edges.push(edge)
    return { edge, https }
  }
  const started = await Promise.all(Array.from({ length: 5 }, start))
  const served = () => Promise.all(started.flatMap(({ https }) => names.map((name) => servedCertificate(https, name))))
  await eventually('all serve all', async () => (await served()).every((one) => /^[0-9A-F:]+$/.test(one)), 40_000)

  await t.test('each was ordered once, and all serve the same', async (t) => {
    const all = await served()
    t.equal(all.length, 15)
    t.equal(new Set(all).size, 3)
    const orders = edges.flatMap((edge) =>
      edge
        .stderr()
        .split('\n')
        .filter((line) => line.includes('"getting a certificate"')),
    )
    t.equal(orders.length, 3, orders.join('\n'))
    t.ok(balancer.ports.size > 1, `validators were led to ${balancer.ports.size} of 5 edges`)
    t.equal(redis.cli('HLEN', 'acme-edge:challenges'), '0', 'nothing is left active')
  })

  await t.test('issue without an edge on its machine is answered by those of other machines', async (t) => {
    const [http = 0] = await freePorts(1)
    const config = {
      listen: { http: [`127.0.0.1:${http}`] },
      sites: [{ hosts: ['*'], origin: [origin.url] }],
      acme: { directory: ca.directoryUrl },
      store: `${redis.url}?cache=elsewhere`,
    }
    const file = join(folder, 'alone.yaml')
    writeFileSync(file, JSON.stringify(config))
    const run = spawnEdge(['issue', 'four.localhost', '--config', file, '--json'])
    const { code } = await run.exited
    t.equal(code, 0, run.stderr() + run.stdout())
    for (const { https } of started) {
      t.match(await servedCertificate(https, 'four.localhost'), /^[0-9A-F:]+$/, 'served when the command ends')
    }
    const list = spawnEdge(['list', '--config', file, '--json'])
    await list.exited
    t.match(
      JSON.parse(list.stdout()),
      names
        .concat('four.localhost')
        .sort()
        .map((name) => ({ name })),
    )
    t.equal(redis.cli('ZCARD', 'acme-edge:replicas'), '5', 'it has left')
  })

  await t.test('issue beside an edge goes through it', async (t) => {
    const [{ edge }] = started as [(typeof started)[0]]
    const run = spawnEdge(['issue', 'five.localhost', '--config', join(edge.folder, 'edge.yaml')])
    const { code } = await run.exited
    t.equal(code, 0, run.stderr() + run.stdout())
    for (const { https } of started) t.match(await servedCertificate(https, 'five.localhost'), /^[0-9A-F:]+$/)
  })

  await t.test('a command without Redis says what is wrong', async (t) => {
    await redis.kill()
    const [{ edge }] = started as [(typeof started)[0]]
    const run = spawnEdge(['issue', 'six.localhost', '--config', join(edge.folder, 'edge.yaml')])
    const { code } = await run.exited
    t.equal(code, 1)
    t.match(run.stderr(), /ACME_EDGE_STORE_UN(READ|WRIT)ABLE: the store at 127\.0\.0\.1:\d+\/0 cannot be reached/)
  })
})

/** Leads each connection to the next of the ports, as a load balancer in front of the edges does. */
async function startBalancer(targets: () => readonly number[]) {
  const ports = new Set<number>()
  let turn = 0
  const server = createServer((socket) => {
    const all = targets()
    const port = all[turn++ % all.length] ?? 0
    ports.add(port)
    const onward = connect(port, '127.0.0.1')
    socket.pipe(onward).pipe(socket)
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      one.on('error', () => other.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return { port, ports, close: () => new Promise((resolve) => server.close(resolve)) }
}
