import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { ActiveChallenge, ChallengePublisher } from '../../src/challenge/publisher.ts'
import { createLog } from '../../src/log.ts'
import { openReplica } from '../../src/replicas/replica.ts'
import { openStore } from '../../src/store/open-store.ts'
import { eventually } from '../helpers/edge-process.ts'
import { hostName } from '../helpers/edge-request.ts'
import { type Gate, startGate } from '../helpers/gate.ts'
import { randomFrom } from '../helpers/random.ts'
import { redisConfig, redisMissing, startRedis, type TestRedis } from '../helpers/redis.ts'
import { runSize } from '../helpers/run-size.ts'

const skip = redisMissing()
const host = hostName('shop.example')
const REPLICAS = 4

/**
 * Replicas, each with a network of its own to one Redis, under faults in random order: whenever publishing resolves, every
 * replica that is registered then serves the token; and when the faults are over, all serve the same.
 */
t.test('whatever fails: who is registered serves what was published', { skip }, async (t) => {
  const { seed, count } = runSize({ usual: 40, full: 1_000 })
  t.comment(`seed ${seed}`)
  const random = randomFrom(seed)
  const folder = t.testdir()
  const redis = await startRedis({ folder: join(folder, 'redis'), args: ['--appendonly', 'no'] })
  t.teardown(() => redis.stop())
  const replicas: TestReplica[] = []
  for (let i = 0; i < REPLICAS; i++) replicas.push(await startReplica(t, redis, join(folder, `${i}`)))
  const tally = { published: 0, refused: 0, checked: 0, cut: 0, restarts: 0, pauses: 0 }
  const wanted = new Map<string, { readonly publisher: TestReplica; readonly challenge: ActiveChallenge }>()
  let tokens = 0
  const publish = async () => {
    const publisher = random.pick(replicas)
    const challenge = newChallenge(++tokens)
    wanted.set(challenge.token, { publisher, challenge })
    try {
      await publisher.publisher.publish(challenge, AbortSignal.timeout(9_000))
    } catch {
      tally.refused++
      await delay(random.below(1_500)) // an outage refuses at once: it must not use up all steps
      return
    }
    tally.published++
    const live = registered(redis)
    for (const replica of replicas) {
      if (!live.has(replica.folder)) continue
      tally.checked++
      if (!replica.active.has(challenge.token)) t.fail(`${replica.folder} is registered without ${challenge.token}`)
    }
  }
  const withdraw = async () => {
    const [token] = wanted.keys()
    const found = token === undefined ? undefined : wanted.get(token)
    if (found === undefined || token === undefined) return
    wanted.delete(token)
    await found.publisher.publisher.withdraw(found.challenge, AbortSignal.timeout(9_000)).catch(() => undefined)
  }
  const cut = async () => {
    const { gate } = random.pick(replicas)
    tally.cut++
    gate.shut()
    const open = async () => {
      await delay(random.below(6_000))
      gate.open()
    }
    pending.push(open())
    await delay(random.below(300))
  }
  const restart = async () => {
    tally.restarts++
    await redis.kill()
    await delay(random.below(300))
    await redis.start()
    await delay(random.below(300))
  }
  const pause = async () => {
    tally.pauses++
    redis.pause()
    await delay(random.below(3_000))
    redis.resume()
  }
  const pending: Promise<void>[] = []
  const steps = [publish, publish, publish, publish, publish, withdraw, withdraw, cut, restart, pause]
  for (let step = 0; step < count; step++) await random.pick(steps)()
  await Promise.all(pending)
  await eventually('all are registered', () => registered(redis).size === REPLICAS, 15_000)
  await eventually(
    'all serve the same',
    () => replicas.every(({ active }) => sorted(active.keys()) === sorted(wanted.keys())),
    15_000,
  )
  t.comment(JSON.stringify(tally))
  t.ok(tally.published > 0 && tally.checked > tally.published, 'something was published, and looked at')
})

interface TestReplica {
  /** Its name in Redis is found by it. */
  readonly folder: string
  readonly gate: Gate
  readonly publisher: ChallengePublisher
  readonly active: Map<string, ActiveChallenge>
}

const idsByFolder = new Map<string, string>()

async function startReplica(t: Test, redis: TestRedis, folder: string): Promise<TestReplica> {
  const log = createLog('silent')
  const gate = await startGate(redis.port)
  t.teardown(() => gate.close())
  const opened = await openStore(redisConfig(`redis://127.0.0.1:${gate.port}/0`, folder), log)
  const before = new Set(redis.cli('ZRANGE', 'acme-edge:replicas', '0', '-1').split('\n'))
  const replica = await openReplica(opened.shared, log)
  await replica.join()
  const [id = ''] = redis
    .cli('ZRANGE', 'acme-edge:replicas', '0', '-1')
    .split('\n')
    .filter((one) => !before.has(one))
  idsByFolder.set(id, folder)
  const active = new Map<string, ActiveChallenge>()
  const publisher = replica.attach({
    publish: async (one) => void active.set(one.token, one),
    withdraw: async ({ token }) => void active.delete(token),
    installed: async () => undefined,
  })
  t.teardown(async () => {
    await replica.close()
    opened.close()
  })
  return { folder, gate, publisher, active }
}

/** The folders of the replicas whose lease has not ended. */
function registered(redis: TestRedis): Set<string> {
  const lua = `local time = redis.call('TIME') return redis.call('ZRANGE', KEYS[1], '(' .. time[1] * 1000 + math.floor(time[2] / 1000), '+inf', 'BYSCORE')`
  const ids = redis.cli('EVAL', lua, '1', 'acme-edge:replicas').split('\n').filter(Boolean)
  return new Set(ids.flatMap((id) => idsByFolder.get(id) ?? []))
}

function sorted(names: Iterable<string>): string {
  return [...names].sort().join()
}

function newChallenge(number: number): ActiveChallenge {
  const token = `token-${String(number).padStart(20, '0')}`
  return { host, token, keyAuthorization: `${token}.thumbprint`, expiresAtMs: Date.now() + 3_600_000 }
}
