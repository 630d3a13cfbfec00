import { EdgeError } from '../errors.ts'
import { field } from '../log.ts'
import type { Store, WriteOptions } from './contract.ts'
import type { RedisLink } from './redis-link.ts'
import { type RedisLockOptions, takeRedisLock } from './redis-lock.ts'
import { type RedisReply, redisScript } from './redis-script.ts'
import { staleLock } from './stale-lock.ts'
import { parseKey } from './store-key.ts'
import { decodeRecord, encodeRecord } from './store-record.ts'
import type { WarningLog } from './warning-log.ts'

/**
 * A store in Redis: under the link's prefix `state:<key>` and `copy:<key>` with a checksum each, `keys`, which is sorted by
 * byte, and `lock:<name>` with `fence:<name>`. Every change is one script, so nobody sees half of it.
 */
export function createRedisStore(link: RedisLink, log: WarningLog, lockOptions: RedisLockOptions = {}): Store {
  return {
    read: (key) => readValue(link, log, key),
    write: (key, value, options) => change(link, { key, record: encodeRecord(Buffer.from(value)) }, options),
    remove: (key, options) => change(link, { key, record: undefined }, options),
    list: (prefix) => listKeys(link, prefix),
    lock: async (name, signal) => takeRedisLock(link, { ...lockOptions, name: checked(name) }, signal),
  }
}

async function readValue(link: RedisLink, log: WarningLog, key: string): Promise<Buffer | undefined> {
  const keys = keysOf(link, key)
  const [first, second] = (await link.run('UNREADABLE', read, { keys })) as readonly (Buffer | null)[] // as the script says
  const value = first && decodeRecord(first)
  if (value) return value
  const good = second && decodeRecord(second)
  if (!good) {
    if (first ?? second) throw damaged(link, key)
    return undefined
  }
  log.warn(
    { [field.path]: link.key('state', key) },
    'a damaged value of the store was restored from its last good copy',
  )
  // A Redis that takes no writes must not make a readable value unreadable.
  await link.run('UNWRITABLE', restore, { keys, values: [second, key] }).catch(() => undefined)
  return good
}

interface Change {
  readonly key: string
  /** `undefined`: the key is removed. */
  readonly record: Buffer | undefined
}

async function change(link: RedisLink, { key, record }: Change, { lock }: WriteOptions = {}): Promise<void> {
  const keys = [...keysOf(link, key), link.key('fence', lock?.name ?? '')]
  if (lock?.signal.aborted) throw staleLock(lock.name)
  const values = [key, lock?.fencing ?? 0, record ?? '']
  const done = await link.run('UNWRITABLE', record ? write : remove, { keys, values })
  if (done === 0 && lock !== undefined) throw staleLock(lock.name)
}

async function listKeys(link: RedisLink, prefix: string): Promise<string[]> {
  const found = await link.run('UNREADABLE', list, { keys: [link.key('keys')], values: [prefix] })
  return (found as readonly RedisReply[]).map(String) // names of keys, as the script says
}

function keysOf(link: RedisLink, key: string): string[] {
  const name = checked(key)
  return [link.key('state', name), link.key('copy', name), link.key('keys')]
}

function checked(key: string): string {
  return parseKey(key).join('/')
}

function damaged(link: RedisLink, key: string): EdgeError {
  const names = `${link.key('state', key)} and ${link.key('copy', key)}`
  const advice = `restore them from a backup, or delete both to begin anew`
  return new EdgeError('ACME_EDGE_STORE_UNREADABLE', `${names} in Redis are both damaged: ${advice}`)
}

/** What is no string any more counts as missing. */
const read = redisScript(`return redis.call('MGET', KEYS[1], KEYS[2])`)

/** Only as long as the copy is the one that was found good: a write that came meanwhile stands. */
const restore = redisScript(`
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[3], 0, ARGV[2])
return 1
`)

const refuseStale = `
if ARGV[2] ~= '0' and tonumber(redis.call('GET', KEYS[4]) or '0') > tonumber(ARGV[2]) then return 0 end
`

const write = redisScript(`${refuseStale}
redis.call('SET', KEYS[1], ARGV[3])
redis.call('SET', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[3], 0, ARGV[1])
return 1
`)

const remove = redisScript(`${refuseStale}
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('ZREM', KEYS[3], ARGV[1])
return 1
`)

/** Members of one score are sorted by byte (ZRANGE, BYLEX); keys are ASCII, so 0xff ends every prefix. */
const list = redisScript(`return redis.call('ZRANGE', KEYS[1], '[' .. ARGV[1], '(' .. ARGV[1] .. '\\255', 'BYLEX')`)
