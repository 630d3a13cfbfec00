import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { EdgeError } from '../errors.ts'
import type { StoreLock } from './contract.ts'
import type { RedisLink } from './redis-link.ts'
import { redisScript, serverTime } from './redis-script.ts'
import { staleLock } from './stale-lock.ts'

/** A holder that has died, or cannot reach Redis, keeps others waiting for so long. */
export const LEASE_MS = 10_000
const RENEW_MS = LEASE_MS / 4
/** Between two looks at a lock that is taken; by chance up to twice as long, so that many who wait do not come at once. */
const POLL_MS = 60
/** Numbers of locks that nobody has taken for a week are forgotten. The clock that they begin at is past them by then. */
const FENCE_MS = 7 * 86_400_000

export interface RedisLockOptions {
  /** Default: LEASE_MS. */
  readonly leaseMs?: number
}

/**
 * Takes the lock as a lease with a fencing number. Throws ACME_EDGE_STORE_BUSY when the signal aborts first, and
 * ACME_EDGE_STORE_UNWRITABLE when Redis is lost.
 */
export async function takeRedisLock(
  link: RedisLink,
  { name, leaseMs = LEASE_MS }: RedisLockOptions & { readonly name: string },
  signal: AbortSignal,
): Promise<StoreLock> {
  const owner = randomUUID()
  const keys = [link.key('lock', name), link.key('fence', name)]
  for (;;) {
    // Read before the request is sent: Redis counts from later on, so we never believe in the lease longer than it does.
    const askedAt = performance.now()
    const values = [owner, leaseMs, FENCE_MS]
    const number = await link.run('UNWRITABLE', acquire, { keys, values }).catch(async (error) => {
      // The answer may be what was lost: then the lock is ours without our knowing.
      await link.run('UNWRITABLE', release, { keys, values: [owner] }).catch(() => undefined)
      throw error
    })
    if (number !== null) return hold(link, { name, owner, keys, leaseMs, fencing: Number(number), askedAt })
    await waitOrFail(name, signal)
  }
}

interface Lease {
  readonly name: string
  readonly owner: string
  readonly keys: readonly string[]
  readonly leaseMs: number
  readonly fencing: number
  readonly askedAt: number
}

function hold(link: RedisLink, lease: Lease): StoreLock {
  const { name, owner, keys, leaseMs, fencing } = lease
  const lost = new AbortController()
  let endsAt = lease.askedAt + leaseMs
  const lose = () => {
    clearInterval(heartbeat)
    lost.abort(staleLock(name))
  }
  const renewOnce = async () => {
    // After a pause (SIGSTOP, a suspended machine) the lease may be somebody else's: it is not taken back unasked.
    const askedAt = performance.now()
    if (askedAt >= endsAt) return lose()
    const values = [owner, leaseMs, fencing, FENCE_MS]
    const isOurs = await link.run('UNWRITABLE', renew, { keys, values }).catch(() => undefined)
    if (isOurs === 0) return lose()
    if (isOurs === 1) endsAt = askedAt + leaseMs
    else if (performance.now() >= endsAt) lose()
  }
  const heartbeat = setInterval(() => void renewOnce(), Math.min(RENEW_MS, leaseMs / 4))
  heartbeat.unref()
  return {
    ...{ name, fencing, signal: lost.signal },
    async release() {
      clearInterval(heartbeat)
      // Where Redis is lost the lease ends by itself: whoever held it has done what it wanted.
      await link.run('UNWRITABLE', release, { keys, values: [owner] }).catch(() => undefined)
    },
  }
}

async function waitOrFail(name: string, signal: AbortSignal): Promise<void> {
  try {
    await sleep(POLL_MS * (1 + Math.random()), undefined, { signal })
  } catch (error) {
    const message = `another acme-edge holds the lock ${name}; wait for it to end, or stop it`
    throw new EdgeError('ACME_EDGE_STORE_BUSY', message, { cause: error })
  }
}

/**
 * The number is one more than the last, and at least the server's time in milliseconds: so it grows even when Redis has
 * lost its data. Who asks twice (an answer was lost) has the lock once.
 */
const acquire = redisScript(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return false end
local number = redis.call('GET', KEYS[2])
if not holder or not number then
  ${serverTime}
  number = string.format('%.0f', math.max(tonumber(number or '0') + 1, now))
end
redis.call('SET', KEYS[2], number, 'PX', ARGV[3])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return number
`)

/** A lease that ended, or was lost with the server's data, while nobody took the lock is as good as held. */
const renew = redisScript(`
local holder = redis.call('GET', KEYS[1])
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
if holder and holder ~= ARGV[1] or last > tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`)

const release = redisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`)
