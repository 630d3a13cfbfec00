import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { ActiveChallenges } from '../../src/challenge/active-challenges.ts'
import { CollectionKeeper } from '../../src/collections/collection-keeper.ts'
import { CollectionRelay } from '../../src/collections/collection-relay.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createLog } from '../../src/log.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { startWorkers, type WorkerPool } from '../../src/workers/primary.ts'
import { eventually } from '../helpers/edge-process.ts'
import { hostName } from '../helpers/edge-request.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { requestBytes, sendRaw } from '../helpers/raw-client.ts'
import { startOrigin } from '../helpers/recording-origin.ts'

const program = fileURLToPath(new URL('../../src/cli/worker.ts', import.meta.url))
const token = 'token-0123456789-0123456789'
const host = hostName('shop.example')
const active = { host, token, keyAuthorization: `${token}.key`, expiresAtMs: Date.now() + 600_000 }
const ask = requestBytes(`GET /.well-known/acme-challenge/${token} HTTP/1.1`, ['Host: shop.example'])
const signal = () => AbortSignal.timeout(10_000)

async function configFor(t: Test, options: { port: number; rules?: string }) {
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-workers-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const write = (rules: string) => {
    writeFileSync(join(folder, 'rules.conf'), rules)
    const config = {
      listen: { http: [`127.0.0.1:${options.port}`] },
      sites: [{ hosts: ['*'], origin: [origin.url] }],
      waf: { rules: ['rules.conf'] },
      store: 'file:store',
      workers: 3,
      log: { access: 'off' },
      limits: { drain_timeout: '500ms' },
    }
    writeFileSync(join(folder, 'edge.yaml'), JSON.stringify(config))
    return loadConfig(join(folder, 'edge.yaml'))
  }
  return { config: await write(options.rules ?? 'SecRuleEngine On\n'), write }
}

async function poolOptions(t: Test) {
  const log = createLog('silent')
  const keeper = new CollectionKeeper({ store: await openFileStore({ folder: t.testdir(), log }), log })
  return { program, log, challenges: new ActiveChallenges(), collections: new CollectionRelay(keeper) }
}

async function start(t: Test) {
  const { config, write } = await configFor(t, { port: 0 })
  const pool = await startWorkers(config, await poolOptions(t))
  t.teardown(() => pool.close())
  return { pool, write, target: { port: pool.addresses.http[0]?.port ?? 0 } }
}

/** The kernel spreads connections: after this many, every worker has had some. */
async function answersOf(target: { port: number }, bytes: string, count = 40): Promise<Set<number | undefined>> {
  const statuses = new Set<number | undefined>()
  for (let i = 0; i < count; i++) statuses.add((await sendRaw(target, bytes)).response?.status)
  return statuses
}

t.test('every worker answers as soon as the call is acknowledged, and none after it is withdrawn', async (t) => {
  const { pool, target } = await start(t)
  const bodies = async () => {
    const seen = new Set<string>()
    for (let i = 0; i < 40; i++) seen.add((await sendRaw(target, ask)).response?.body.toString() ?? '')
    return seen
  }
  await pool.publisher.publish(active, signal())
  t.strictSame([...(await bodies())], [`${token}.key`])
  await pool.publisher.withdraw(active, signal())
  t.strictSame([...(await bodies())], ['origin'])
  t.equal((await pool.metrics()).length, 3)
})

t.test('a worker that is killed comes back, with what is active', async (t) => {
  const { pool, target } = await start(t)
  await pool.publisher.publish(active, signal())
  const before = pids()
  t.equal(before.length, 3)
  process.kill(before[0] ?? 0, 'SIGKILL')
  await pool.publisher.publish({ ...active, host: hostName('other.example') }, signal())
  t.pass('a call meanwhile does not fail')
  await eventually('three again', async () => pids().length === 3 && (await isComplete(pool)), 8_000)
  t.notOk(pids().includes(before[0] ?? 0))
  t.strictSame([...(await answersOf(target, ask))], [200])
  const other = ask.replace('Host: shop', 'Host: other')
  for (let i = 0; i < 40; i++) t.equal((await sendRaw(target, other)).response?.body.toString(), `${token}.key`)
})

t.test('a call that comes while a worker starts waits for it', async (t) => {
  const { pool, target } = await start(t)
  const [first = 0] = pids()
  process.kill(first, 'SIGKILL')
  await eventually('its successor was begun', async () => pids().length === 3 && !pids().includes(first))
  await pool.publisher.publish(active, signal())
  await eventually('all three answer', () => isComplete(pool))
  t.strictSame([...(await answersOf(target, ask))], [200], 'the new one knows what was published meanwhile')
})

t.test('a reload reaches every worker; one that cannot be used reaches none', async (t) => {
  const { pool, target, write } = await start(t)
  const attack = requestBytes('GET /?a=b HTTP/1.1', ['Host: shop.example'])
  await pool.reload(await write('SecRuleEngine On\nSecRule ARGS:a "@streq b" "id:1,phase:1,deny,status:403"\n'))
  t.strictSame([...(await answersOf(target, attack))], [403])
  await t.rejects(pool.reload(await write('SecRule nonsense\n')), { code: 'ACME_EDGE_CONTROL_FAILED' })
  t.strictSame([...(await answersOf(target, attack))], [403])
})

t.test('a port in use is an error, shared ports or not, and no worker stays', async (t) => {
  const [port = 0] = await freePorts(1)
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const options = await poolOptions(t)
  const { config, write } = await configFor(t, { port })
  await t.rejects(startWorkers(config, options), { code: 'ACME_EDGE_LISTEN_FAILED' })
  server.close()
  await t.rejects(startWorkers(await write('SecRule nonsense\n'), options), { code: 'ACME_EDGE_RULES_INVALID' })
  await eventually('none is left', async () => pids().length === 0)
  t.pass()
})

async function isComplete(pool: WorkerPool): Promise<boolean> {
  return (await pool.metrics().catch(() => [])).length === 3
}

/** Children of this process that run the worker program. */
function pids(): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return children.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('worker.ts')
    } catch {
      return false
    }
  })
}
