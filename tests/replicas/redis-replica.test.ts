import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { ActiveChallenge, ChallengePublisher } from '../../src/challenge/publisher.ts'
import { createLog } from '../../src/log.ts'
import { openReplica } from '../../src/replicas/replica.ts'
import type { Store } from '../../src/store/contract.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { RedisLink } from '../../src/store/redis-link.ts'
import { announceRevoked } from '../../src/store/revoked-names.ts'
import { writeCertificate } from '../helpers/certificate.ts'
import { eventually } from '../helpers/edge-process.ts'
import { hostName } from '../helpers/edge-request.ts'
import { redisConfig, redisMissing, startRedis, type TestRedis } from '../helpers/redis.ts'

const skip = redisMissing()
const host = hostName('shop.example')
const soon = () => AbortSignal.timeout(5_000)

t.test('publishing resolves when the slowest has acknowledged, and not before', { skip }, async (t) => {
  const [first, second] = await startReplicas(t, 2)
  const { promise, resolve } = Promise.withResolvers<void>()
  second.hold = promise
  let isDone = false
  const publishing = first.publisher.publish(challenge(1), soon()).then(() => {
    isDone = true
  })
  await new Promise((done) => setTimeout(done, 400))
  t.notOk(isDone)
  resolve()
  await publishing
  t.same([...second.active.keys()], [challenge(1).token])
  await first.publisher.withdraw(challenge(1), soon())
  t.equal(second.active.size, 0)
})

t.test('one that cannot serve a token is asked again, and waited for', { skip }, async (t) => {
  const [first, second] = await startReplicas(t, 2)
  second.failures = 2
  await first.publisher.publish(challenge(1), soon())
  t.equal(second.failures, 0)
  t.ok(second.active.has(challenge(1).token))
  second.failures = 1_000
  await t.rejects(first.publisher.publish(challenge(2), AbortSignal.timeout(1_500)), { name: 'TimeoutError' })
  second.failures = 0
  await first.publisher.withdraw(challenge(2), soon())
  await first.publisher.publish(challenge(3), soon())
  t.ok(second.active.has(challenge(3).token))
})

t.test('challenges do not stand behind certificates that take long', { skip }, async (t) => {
  const [first, second] = await startReplicas(t, 2)
  const lock = await second.local.lock('shared-certificates', soon())
  await writeCertificate(first.folder, ['shop.example'])
  const begun = performance.now()
  await first.publisher.installed('shop.example', soon())
  t.ok(performance.now() - begun > 1_500, 'they are waited for')
  await first.publisher.publish(challenge(1), soon())
  t.ok(performance.now() - begun < 4_000, 'and not for long')
  t.ok(second.active.has(challenge(1).token))
  t.same(second.installed, [])
  await lock.release()
  await eventually('it comes when it can', () => second.installed.join() === 'shop.example')
})

t.test('what a client of Redis writes by hand harms nobody', { skip }, async (t) => {
  const { redis, replicas, add } = await startAll(t, 2)
  const [first, second] = replicas as [TestReplica, TestReplica]
  const future = Date.now() + 60_000
  const odd = [
    'nonsense',
    '{}',
    '[]',
    'null',
    '{"challenge":7}',
    `{"challenge":{"expiresAtMs":${future}}}`,
    `{"id":0,"call":"publish","challenge":{"host":"a.example","token":"short","keyAuthorization":"x","expiresAtMs":${future}}}`,
  ]
  for (const [i, text] of odd.entries()) redis.cli('HSET', 'acme-edge:challenges', `odd ${i}`, text)
  for (const text of ['', '7', '7 nonsense', '-1 {}', `99999999999999999999 ${odd[6]}`])
    redis.cli('PUBLISH', 'acme-edge:announcements', text)
  redis.cli('INCR', 'acme-edge:sequence')
  await first.publisher.publish(challenge(1), soon())
  t.same([...second.active.keys()], [challenge(1).token])
  const third = await add()
  t.ok(third.active.has(challenge(1).token))
  await first.publisher.withdraw(challenge(1), soon())
  t.equal(third.active.has(challenge(1).token), false)
})

t.test('who comes late ends its own publication alone', { skip }, async (t) => {
  const { redis, replicas } = await startAll(t, 3)
  const [paused, successor, third] = replicas as [TestReplica, TestReplica, TestReplica]
  await paused.publisher.publish(challenge(1), soon())
  await successor.publisher.publish(challenge(1), soon()) // the same order, resumed
  await paused.publisher.withdraw(challenge(1), soon())
  t.ok([paused, successor, third].every(({ active }) => active.has(challenge(1).token)))
  await successor.publisher.withdraw(challenge(1), soon())
  t.notOk([paused, successor, third].some(({ active }) => active.has(challenge(1).token)))
  await paused.publisher.publish(challenge(2), soon())
  const stored = redis.cli('HGET', 'acme-edge:challenges', `${host} ${challenge(2).token}`)
  await paused.publisher.withdraw(challenge(2), soon())
  // What was sent over a connection that was lost meanwhile.
  redis.cli('HSET', 'acme-edge:challenges', `${host} ${challenge(2).token}`, stored)
  redis.cli('INCR', 'acme-edge:sequence')
  await eventually('it is withdrawn again', () => redis.cli('HLEN', 'acme-edge:challenges') === '0')
  const isGone = () => ![paused, successor, third].some(({ active }) => active.has(challenge(2).token))
  // Who compares with a Redis that has both behind it already, so soon after its connection, withdraws it when the grace is over (8 s).
  await eventually('and gone everywhere', isGone, 12_000)
  await paused.publisher.publish(challenge(3), soon())
  await paused.close()
  await third.publisher.withdraw(challenge(3), soon())
  t.notOk(successor.active.has(challenge(3).token), 'left by one that is gone: whoever withdraws means it')
})

t.test('all hear of a revocation, once, also who missed the message', { skip }, async (t) => {
  const { redis, replicas, add } = await startAll(t, 2)
  const [first, second] = replicas as [TestReplica, TestReplica]
  t.equal(await announceRevoked(first.redis, 'a.example'), 2)
  await eventually('both are told', () => [first, second].every(({ revoked }) => revoked.join() === 'a.example'))
  await announceRevoked(first.redis, 'b.example')
  await announceRevoked(second.redis, 'a.example')
  const all = 'a.example,b.example,a.example'
  await eventually('of each once', () => [first, second].every(({ revoked }) => revoked.join() === all))

  // As `announceRevoked`, but nobody is told.
  redis.cli('ZADD', 'acme-edge:revoked-names', String(Date.now() + 1_000), 'c.example')
  redis.cli('INCR', 'acme-edge:sequence')
  await eventually('the next comparison tells', () => second.revoked.at(-1) === 'c.example', 2_500)
  await announceRevoked(first.redis, 'd.example')
  await eventually('it goes on', () => second.revoked.at(-1) === 'd.example')
  redis.cli('FLUSHALL')
  await new Promise((done) => setTimeout(done, 1_100)) // past the time that was made up above
  await announceRevoked(first.redis, 'e.example')
  await eventually('also after a loss of data', () => second.revoked.at(-1) === 'e.example')
  t.notOk((await add()).revoked.includes('d.example'), 'which has lost what was revoked before')
})

t.test('messages that do not come through cost a heartbeat at most', { skip }, async (t) => {
  const { redis, replicas } = await startAll(t, 3)
  const [first, second, third] = replicas as [TestReplica, TestReplica, TestReplica]
  // The same as `announce`, but nobody is told.
  const quiet = JSON.stringify({ id: 0, call: 'publish', challenge: challenge(1) })
  redis.cli('HSET', 'acme-edge:challenges', `${host} ${challenge(1).token}`, quiet)
  redis.cli('INCR', 'acme-edge:sequence')
  const has = () => [first, second, third].every(({ active }) => active.has(challenge(1).token))
  await eventually('all have noticed', has, 2_500)
})

t.test('a Redis that loses its data gets back what is active, and nothing is lost meanwhile', { skip }, async (t) => {
  const { redis, replicas } = await startAll(t, 3)
  const [first, second, third] = replicas as [TestReplica, TestReplica, TestReplica]
  await first.publisher.publish(challenge(1), soon())
  await second.publisher.publish(challenge(2), soon())
  await redis.kill()
  await t.rejects(first.publisher.publish(challenge(3), soon()), { code: 'ACME_EDGE_STORE_UNWRITABLE' })
  await first.publisher.withdraw(challenge(3), soon()).catch(() => undefined)
  await t.rejects(second.publisher.withdraw(challenge(2), soon()), { code: 'ACME_EDGE_STORE_UNWRITABLE' })
  await redis.start()
  await eventually('the active one is there', () => redis.cli('HLEN', 'acme-edge:challenges') === '1', 8_000)
  t.ok([first, second, third].every(({ active }) => active.has(challenge(1).token)))
  await eventually('the withdrawn one is gone', () => !third.active.has(challenge(2).token), 12_000)
  t.notOk(third.withdrawn.includes(challenge(1).token), 'the active one was served all the time')
  redis.cli('FLUSHALL')
  await eventually('all register again', () => redis.cli('ZCARD', 'acme-edge:replicas') === '3', 4_000)
  await eventually('the active one is there', () => redis.cli('HLEN', 'acme-edge:challenges') === '1', 4_000)
  await third.publisher.publish(challenge(4), soon())
  t.ok([first, second, third].every(({ active }) => active.has(challenge(4).token)))
})

t.test('an expired challenge is forgotten, and one that left is not waited for', { skip }, async (t) => {
  const { redis, replicas } = await startAll(t, 2)
  const [first, second] = replicas as [TestReplica, TestReplica]
  await first.publisher.publish({ ...challenge(1), expiresAtMs: Date.now() + 300 }, soon())
  await second.close()
  const begun = performance.now()
  await new Promise((done) => setTimeout(done, 400))
  await first.publisher.publish(challenge(2), soon())
  t.ok(performance.now() - begun < 1_500)
  await eventually('forgotten', () => redis.cli('HLEN', 'acme-edge:challenges') === '1', 20_000)
  t.equal(redis.cli('ZCARD', 'acme-edge:replicas'), '1')
})

for (const count of [5, 20]) {
  t.test(`publishing to ${count} replicas`, { skip }, async (t) => {
    const replicas = await startReplicas(t, count)
    const times: number[] = []
    for (let round = 0; round < 100; round++) {
      const begun = performance.now()
      await (replicas[round % count] as TestReplica).publisher.publish(challenge(round), soon())
      times.push(performance.now() - begun)
      if (!replicas.every(({ active }) => active.has(challenge(round).token))) t.fail(`round ${round}`)
    }
    const median = times.sort((a, b) => a - b)[50] ?? Number.NaN
    t.comment(`publishing to ${count} replicas of one process: ${median.toFixed(1)} ms (median of 100)`)
    t.ok(median < 120, 'told, not found by looking')
  })
}

interface TestReplica {
  readonly publisher: ChallengePublisher
  readonly active: Map<string, ActiveChallenge>
  readonly withdrawn: string[]
  readonly installed: string[]
  readonly revoked: string[]
  readonly redis: RedisLink
  readonly folder: string
  readonly local: Store
  hold: Promise<void> | undefined
  /** So many publications fail from now on. */
  failures: number
  close(): Promise<void>
}

async function startReplicas(t: Test, count: number): Promise<[TestReplica, TestReplica, ...TestReplica[]]> {
  const { replicas } = await startAll(t, count)
  return replicas as [TestReplica, TestReplica, ...TestReplica[]] // two at least
}

async function startAll(t: Test, count: number) {
  const folder = t.testdir()
  const redis = await startRedis({ folder: join(folder, 'redis') })
  t.teardown(() => redis.stop())
  let opened = 0
  const add = async () => startReplica(t, redis, join(folder, String(opened++)))
  const replicas: TestReplica[] = []
  for (let i = 0; i < count; i++) replicas.push(await add())
  return { redis, replicas, add }
}

async function startReplica(t: Test, redis: TestRedis, folder: string): Promise<TestReplica> {
  const log = createLog('silent')
  const opened = await openStore(redisConfig(redis.url, folder), log)
  const replica = await openReplica(opened.shared, log)
  const active = new Map((await replica.join()).map((one) => [one.token, one]))
  const state: TestReplica = {
    active,
    withdrawn: [],
    installed: [],
    revoked: [],
    redis: opened.shared?.redis as RedisLink, // the store is Redis
    folder: opened.folder,
    local: opened.local,
    hold: undefined,
    failures: 0,
    publisher: replica.attach({
      async publish(one) {
        await state.hold
        if (state.failures > 0 && state.failures--) throw new Error('a worker failed')
        active.set(one.token, one)
      },
      async withdraw({ token }) {
        if (active.delete(token)) state.withdrawn.push(token)
      },
      installed: async (name) => void state.installed.push(name),
    }),
    async close() {
      await replica.close()
      opened.close()
    },
  }
  replica.onRevoked((name) => state.revoked.push(name))
  t.teardown(() => state.close())
  return state
}

function challenge(number: number): ActiveChallenge {
  const token = `token-${String(number).padStart(20, '0')}`
  return { host, token, keyAuthorization: `${token}.thumbprint`, expiresAtMs: Date.now() + 600_000 }
}
