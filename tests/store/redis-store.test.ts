import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createLog } from '../../src/log.ts'
import { openReplica } from '../../src/replicas/replica.ts'
import { type OpenedStore, openStore } from '../../src/store/open-store.ts'
import { createRedisStore } from '../../src/store/redis-store.ts'
import { createTestAuthority } from '../helpers/certificate-authority.ts'
import { eventually } from '../helpers/edge-process.ts'
import { hostName } from '../helpers/edge-request.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { type RedisOptions, redisConfig, redisMissing, startRedis, type TestRedis } from '../helpers/redis.ts'
import { runStoreConformance } from './conformance.ts'

const skip = redisMissing()

t.test('the Redis store keeps the contract', { skip }, async (t) => {
  const { redis, config, open } = await fixture(t)
  const breakLock = (name: string) => redis.cli('DEL', `acme-edge:lock:${name}`)
  const cases = await runStoreConformance(t, { open: async () => (await open()).store, config, breakLock })
  t.equal(cases, 18)
})

t.test('a damaged value gives its last good copy, is repaired, and is logged', { skip }, async (t) => {
  const { redis, open, warnings } = await fixture(t)
  const { store } = await open()
  const damages: Record<string, readonly string[]> = {
    emptied: ['SET', 'acme-edge:state:k', ''],
    'cut short': ['SETRANGE', 'acme-edge:state:k', '30', 'X'],
    'a byte changed': ['SETRANGE', 'acme-edge:state:k', '100', 'X'],
    deleted: ['DEL', 'acme-edge:state:k'],
  }
  for (const [name, command] of Object.entries(damages)) {
    await store.write('k', 'first')
    await store.write('k', 'the key')
    redis.cli(...command)
    warnings.length = 0
    t.equal(String(await store.read('k')), 'the key', name)
    t.match(warnings.join(), /restored from its last good copy/)
    redis.cli('DEL', 'acme-edge:copy:k')
    t.equal(String(await store.read('k')), 'the key', `${name}: the value itself is whole again`)
  }
  t.equal(Object.keys(damages).length, 4)
  redis.cli('DEL', 'acme-edge:state:k')
  redis.cli('LPUSH', 'acme-edge:state:k', 'a list')
  redis.cli('SET', 'acme-edge:copy:k', 'noise')
  await t.rejects(store.read('k'), { code: 'ACME_EDGE_STORE_UNREADABLE', message: /acme-edge:copy:k.*backup/ })
})

t.test('what lies beside the prefix is left alone', { skip }, async (t) => {
  const { redis, open } = await fixture(t, '?prefix=other/')
  redis.cli('SET', 'acme-edge:state:k', 'foreign')
  const { store } = await open()
  await store.write('k', 'own')
  await (await store.lock('k', AbortSignal.timeout(1_000))).release()
  t.same(redis.cli('KEYS', '*').split('\n').sort(), [
    'acme-edge:state:k',
    'other/copy:k',
    'other/fence:k',
    'other/keys',
    'other/state:k',
  ])
  await store.remove('k')
  t.equal(redis.cli('GET', 'acme-edge:state:k'), 'foreign')
})

t.test('a lock whose holder is gone is free after its lease; a holder that lives keeps it', { skip }, async (t) => {
  const { config, open } = await fixture(t)
  const first = await open()
  const second = await open()
  if (first.shared === undefined || second.shared === undefined) throw new Error('no Redis')
  const short = { leaseMs: 400 }
  const log = { warn: () => undefined }
  const holder = createRedisStore(first.shared.redis, log, short)
  const other = createRedisStore(second.shared.redis, log, short)
  const lock = await holder.lock('lease', AbortSignal.timeout(1_000))
  await t.rejects(other.lock('lease', AbortSignal.timeout(1_500)), { code: 'ACME_EDGE_STORE_BUSY' }, 'renewed')
  t.notOk(lock.signal.aborted)
  first.close() // as if it had died
  const start = performance.now()
  const next = await other.lock('lease', AbortSignal.timeout(5_000))
  t.ok(performance.now() - start < 1_500, 'within its lease')
  t.ok(next.fencing > lock.fencing)
  await eventually('the holder notices', () => lock.signal.aborted, 2_000)
  t.match(lock.signal.reason, { code: 'ACME_EDGE_STORE_STALE' })
  t.equal(config.kind, 'redis')
})

t.test('a lock outlives a restart that lost all data, and its number still grows', { skip }, async (t) => {
  const { redis, open } = await fixture(t)
  const { store } = await open()
  const lock = await store.lock('kept', AbortSignal.timeout(1_000))
  await redis.kill()
  await redis.start()
  await eventually('the lock is there again', () => redis.cli('GET', 'acme-edge:lock:kept') !== '', 8_000)
  t.notOk(lock.signal.aborted)
  await store.write('under', 'it', { lock })
  await redis.kill()
  await redis.start()
  const other = (await open()).store
  const next = await other.lock('kept', AbortSignal.timeout(2_000))
  t.ok(next.fencing > lock.fencing, 'somebody was faster')
  await eventually('it is noticed', () => lock.signal.aborted, 8_000)
})

t.test('a Redis that is lost fails fast, is reported once, and is used again when it is back', { skip }, async (t) => {
  const { redis, open, warnings } = await fixture(t)
  const opened = await open()
  const { store } = opened
  const states: boolean[] = []
  opened.shared?.redis.onOutage((isLost) => states.push(isLost))
  await store.write('k', 'before')
  await redis.kill()
  await failsFast(t, store)
  await failsFast(t, store)
  await redis.start()
  await eventually('it is back', async () => (await store.read('k').catch(() => 'lost')) === undefined)
  redis.pause()
  await failsFast(t, store, 2_500)
  await failsFast(t, store, 200)
  redis.resume()
  await eventually('it is back', async () => (await store.read('k').catch(() => 'lost')) === undefined)
  const news = ['the store is lost; what is known is served on', 'the store is back']
  t.same(warnings, [...news, ...news])
  t.same(states, [true, false, true, false])
})

t.test('a Redis that is lost at the start is found later', { skip }, async (t) => {
  const { redis, open } = await fixture(t)
  await redis.kill()
  const { store } = await open()
  await failsFast(t, store)
  await redis.start()
  await eventually('it is found', () =>
    store.write('k', 'v').then(
      () => true,
      () => false,
    ),
  )
})

t.test('user and password: used, checked, and never told', { skip }, async (t) => {
  const secret = 'p@ss:word/é'
  const { redis, warnings } = await fixture(t)
  const docs = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const [, rights = ''] = /ACL SETUSER edge on >password (.+)/.exec(docs) ?? []
  t.match(rights, /~acme-edge:\*/, 'the rights that the documentation gives are those that are tried')
  redis.cli('ACL', 'SETUSER', 'edge', 'on', `>${secret}`, ...rights.split(' '))
  redis.cli('ACL', 'SETUSER', 'default', 'off')
  const log = { warn: (fields: object, message: string) => void warnings.push(JSON.stringify(fields) + message) }
  const connect = (userinfo: string) =>
    openStore(redisConfig(`redis://${userinfo}127.0.0.1:${redis.port}/0`, t.testdirName), log)
  const opened = await connect(`edge:${encodeURIComponent(secret)}@`)
  t.teardown(() => opened.close())
  await opened.store.write('k', 'v')
  t.equal(String(await opened.store.read('k')), 'v')
  t.same(await opened.store.list(''), ['k'])
  await opened.store.remove('k')
  await (await opened.store.lock('k', AbortSignal.timeout(1_000))).release()
  await opened.refresh()
  const replica = await openReplica(opened.shared, createLog('silent'))
  t.same(await replica.join(), [])
  const nobody = { publish: async () => undefined, withdraw: async () => undefined, installed: async () => undefined }
  const host = hostName('shop.example')
  const token = 'x'.repeat(30)
  const challenge = { host, token, keyAuthorization: `${token}.y`, expiresAtMs: Date.now() + 9_000 }
  const publisher = replica.attach(nobody)
  await publisher.publish(challenge, AbortSignal.timeout(1_000))
  await publisher.withdraw(challenge, AbortSignal.timeout(1_000))
  await replica.close()
  t.same(warnings, [])
  const wrong = await connect('edge:wr0ng-password@').then(
    () => undefined,
    (error: Error) => error,
  )
  t.match(wrong, { code: 'ACME_EDGE_STORE_UNREADABLE', message: /WRONGPASS.*check user and password/ })
  await t.rejects(connect(''), { code: 'ACME_EDGE_STORE_UNREADABLE' })
  await redis.kill()
  await t.rejects(opened.store.read('k'), { code: 'ACME_EDGE_STORE_UNREADABLE' })
  const told = warnings.join() + String(wrong?.stack) + JSON.stringify(wrong)
  t.notMatch(told, /p@ss|p%40ss|wr0ng/)
})

t.test('a process that was stopped for longer than its lease writes nothing afterwards', { skip }, async (t) => {
  const { config, open } = await fixture(t)
  const { store } = await open()
  for (const hasSuccessor of [true, false]) {
    const words = [join(import.meta.dirname, 'paused-writer.ts'), JSON.stringify(config)]
    const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    t.teardown(() => child.kill('SIGKILL'))
    const lines = createInterface({ input: child.stdout })
    const [held] = await once(lines, 'line')
    t.equal(held, 'held')
    child.kill('SIGSTOP')
    if (hasSuccessor) {
      const lock = await store.lock('paused', AbortSignal.timeout(5_000))
      await store.write('value', 'of the successor', { lock })
      await lock.release()
    } else await delay(700)
    const outcome = once(lines, 'line')
    child.stdin.write('go\n')
    child.kill('SIGCONT')
    const [said] = await outcome
    t.match(said, hasSuccessor ? /^ACME_EDGE_STORE_STALE$/ : /^(written|ACME_EDGE_STORE_STALE)$/)
    if (hasSuccessor) t.equal(String(await store.read('value')), 'of the successor')
  }
})

t.test('a Redis that would drop keys is warned of once', { skip }, async (t) => {
  const { redis, open, warnings } = await fixture(t)
  redis.cli('CONFIG', 'SET', 'maxmemory', '100mb')
  await open()
  t.same(warnings, [])
  redis.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
  const { store } = await open()
  await redis.kill()
  await redis.start()
  await eventually('it is back', async () => (await store.read('k').catch(() => 'lost')) === undefined)
  t.equal(warnings.filter((text) => text.includes('drops keys')).length, 1)
})

t.test('over TLS, against a root of its own', { skip }, async (t) => {
  const folder = t.testdir()
  const authority = await createTestAuthority()
  const { certPem, keyPem } = await authority.issue(['127.0.0.1', 'localhost'])
  const files = { ca: authority.caPem, cert: certPem, key: keyPem, other: (await createTestAuthority()).caPem }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), `${text}\n`, { mode: 0o600 })
  const [tlsPort = 0] = await freePorts(1)
  const tls = [
    '--tls-port',
    `${tlsPort}`,
    '--tls-cert-file',
    join(folder, 'cert'),
    '--tls-key-file',
    join(folder, 'key'),
  ]
  const redis = await startRedis({
    folder: join(folder, 'redis'),
    args: [...tls, '--tls-ca-cert-file', join(folder, 'ca'), '--tls-auth-clients', 'no'],
  })
  t.teardown(() => redis.stop())
  const log = { warn: () => undefined }
  const connect = async (host: string, ca: string) => {
    const opened = await openStore(redisConfig(`rediss://${host}:${tlsPort}/0${ca}`, folder), log)
    t.teardown(() => opened.close())
    return opened.store
  }
  const store = await connect('localhost', '?ca=ca')
  await store.write('k', 'v')
  t.equal(String(await store.read('k')), 'v')
  t.equal(String(await (await connect('127.0.0.1', '?ca=ca')).read('k')), 'v', 'an address')
  for (const wrong of ['', '?ca=other']) {
    const refused = { code: 'ACME_EDGE_STORE_UNREADABLE', message: /certificate/ }
    await t.rejects((await connect('localhost', wrong)).read('k'), refused, wrong)
  }
  await t.rejects(connect('localhost', '?ca=missing'), { code: 'ACME_EDGE_STORE_UNREADABLE', message: /missing/ })
})

t.test('a replica of Redis is no store, and a failover is survived', { skip }, async (t) => {
  const { redis, open } = await fixture(t)
  const folder = t.testdir()
  const primary = await startRedis({ folder: join(folder, 'other') })
  t.teardown(() => primary.stop())
  const { store } = await open()
  await store.write('k', 'v')
  redis.cli('REPLICAOF', '127.0.0.1', `${primary.port}`)
  await t.rejects(store.write('k', 'w'), { code: 'ACME_EDGE_STORE_UNWRITABLE', message: /READONLY.*primary/ })
  await delay(300)
  await t.rejects(store.write('k', 'w'), { code: 'ACME_EDGE_STORE_UNWRITABLE', message: /primary/ })
  redis.cli('REPLICAOF', 'NO', 'ONE')
  const writes = () =>
    store.write('k', 'w').then(
      () => true,
      () => false,
    )
  await eventually('it is the primary again', writes)
})

t.test(
  'a node of a cluster, and a Sentinel, are refused with what to do, whatever the database',
  { skip },
  async (t) => {
    const folder = t.testdir()
    const start = async (options: Partial<RedisOptions>, name: string) => {
      const redis = await startRedis({ folder: join(folder, name), ...options })
      t.teardown(() => redis.stop())
      return redis
    }
    const startNode = async (name: string) => {
      const [clusterPort] = await freePorts(1)
      const node = await start({ clusterPort: Number(clusterPort) }, name)
      return { ...node, clusterPort: `${clusterPort}` }
    }
    let refusals = 0
    const refuses = async ({ port }: TestRedis, message: RegExp) => {
      for (const database of [0, 2]) {
        const config = redisConfig(`redis://127.0.0.1:${port}/${database}`, join(folder, 'copies'))
        await t.rejects(openStore(config, createLog('silent')), { code: 'ACME_EDGE_STORE_UNSUPPORTED', message })
        refusals++
      }
    }
    const aboutCluster =
      /127\.0\.0\.1:\d+\/\d is a node of a Redis Cluster.*Let store name a Redis without `cluster-enabled`/
    const [first, second] = [await startNode('first'), await startNode('second')]
    await refuses(first, aboutCluster)
    first.cli('CLUSTER', 'ADDSLOTSRANGE', '0', '8191')
    second.cli('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383')
    first.cli('CLUSTER', 'MEET', '127.0.0.1', `${second.port}`, second.clusterPort)
    const moves = () => [first, second].some((node) => node.cli('GET', 'acme-edge:live').startsWith('MOVED'))
    await eventually('the cluster is whole, and one node sends to the other', moves, 20_000)
    await refuses(first, aboutCluster)
    await refuses(second, aboutCluster)

    const primary = await start({}, 'primary')
    const sentinel = await start({ sentinelOf: primary.port }, 'sentinel')
    await refuses(sentinel, /is a Redis Sentinel.*let store name the primary.*GET-MASTER-ADDR-BY-NAME/)
    const address = sentinel.cli('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'edge').split('\n')
    t.same(address, ['127.0.0.1', `${primary.port}`], 'the advice leads to the primary')
    const { store, close } = await openStore(
      redisConfig(`redis://${address.join(':')}/2`, join(folder, 'copies')),
      createLog('silent'),
    )
    t.teardown(close)
    await store.write('k', 'v')
    t.equal(primary.cli('-n', '2', 'EXISTS', 'acme-edge:state:k'), '1', 'in the database that is named')
    t.equal(primary.cli('EXISTS', 'acme-edge:state:k'), '0')
    t.equal(refusals, 8)
  },
)

async function failsFast(t: Test, store: OpenedStore['store'], withinMs = 500): Promise<void> {
  const start = performance.now()
  await t.rejects(store.read('k'), {
    code: 'ACME_EDGE_STORE_UNREADABLE',
    message: /127\.0\.0\.1:\d+\/0 cannot be reached/,
  })
  await t.rejects(store.write('k', 'v'), { code: 'ACME_EDGE_STORE_UNWRITABLE' })
  await t.rejects(store.lock('k', AbortSignal.timeout(9_000)), { code: 'ACME_EDGE_STORE_UNWRITABLE' })
  t.ok(performance.now() - start < withinMs, `${performance.now() - start} ms`)
}

async function fixture(t: Test, query = '') {
  const folder = t.testdir()
  const redis = await startRedis({ folder: join(folder, 'redis') })
  t.teardown(() => redis.stop())
  const config = redisConfig(redis.url + query, folder)
  const warnings: string[] = []
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) }
  const open = async () => {
    const opened = await openStore(config, log)
    t.teardown(() => opened.close())
    return opened
  }
  return { redis, config, warnings, open }
}
