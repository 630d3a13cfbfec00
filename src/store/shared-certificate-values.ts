import { field } from '../log.ts'
import { type CertificateSet, decodeSet, encodeSet } from './certificate-set.ts'
import type { RedisLink } from './redis-link.ts'
import { type RedisReply, redisScript, serverTime } from './redis-script.ts'
import type { WarningLog } from './warning-log.ts'

/* What shareCertificates() says of Redis, as calls. All of it throws as RedisLink.run does. */

/** The channel on which Redis says that a certificate was handed over. Who does not hear it finds it at the next pull. */
const certificateChannel = 'certificates'

export interface SharedSet {
  readonly name: string
  readonly set: CertificateSet
  /** The generation that the folder knows; 0: none. */
  readonly known: number
  /** The generation that this very set had; 0: it is new. */
  readonly own: number
}

/** Hands a set over, unless there is a later one than the folder knows; and the generation that is shared then. */
export async function putShared(
  redis: RedisLink,
  { name, set, known, own }: SharedSet,
): Promise<{ readonly isPut: boolean; readonly generation: number }> {
  const keys = [redis.key('live'), ...valueKeys(redis, name), redis.key(certificateChannel)]
  const reply = await redis.run('UNWRITABLE', put, { keys, values: [name, encodeSet(set), known, own] })
  const [isPut, generation] = (reply as readonly RedisReply[]).map(Number) // as the script says
  return { isPut: isPut === 1, generation: Number(generation) }
}

/** Without its number a certificate counts as lost, and who has it hands it over again. */
export async function forgetShared(redis: RedisLink, name: string, generation: number): Promise<void> {
  await redis.run('UNWRITABLE', forget, { keys: [redis.key('live')], values: [name, generation] })
}

/** The shared set; a damaged value is logged, and its copy taken. */
export async function fetchShared(
  { redis, log }: { readonly redis: RedisLink; readonly log: WarningLog },
  name: string,
): Promise<CertificateSet | undefined> {
  const values = (await redis.run('UNREADABLE', fetch, { keys: valueKeys(redis, name) })) as readonly (Buffer | null)[]
  for (const record of values) {
    const set = record && decodeSet(record)
    if (set) return set
  }
  log.warn({ [field.name]: name }, 'a certificate in Redis is damaged; the one of this machine is kept')
  return undefined
}

/** Of all shared certificates by name. */
export async function sharedGenerations(redis: RedisLink): Promise<Map<string, number>> {
  const reply = (await redis.run('UNREADABLE', list, { keys: [redis.key('live')] })) as readonly RedisReply[]
  const found = new Map<string, number>()
  for (let i = 0; i + 1 < reply.length; i += 2) found.set(String(reply[i]), Number(reply[i + 1]))
  return found
}

/** Something that changes with every certificate that is installed. */
export async function stateOfShared(redis: RedisLink): Promise<string> {
  return String(await redis.run('UNREADABLE', state, { keys: [redis.key('live')] }))
}

function valueKeys(redis: RedisLink, name: string): [string, string] {
  return [redis.key('certificate', name), redis.key('certificate-copy', name)]
}

/**
 * ARGV: name, record, the generation that the folder knows (0: none), and the one that this very set had (0: it is new).
 * Whoever knows an older generation than the shared one is refused, and told the shared one.
 */
const put = redisScript(`
local shared = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '0')
local own = tonumber(ARGV[4])
if shared > tonumber(ARGV[3]) or own > 0 and shared == own then
  return {shared == own and 1 or 0, string.format('%.0f', shared)}
end
if own == 0 then
  ${serverTime}
  own = math.max(shared + 1, now)
end
redis.call('SET', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], ARGV[2])
redis.call('ZADD', KEYS[1], string.format('%.0f', own), ARGV[1])
redis.call('PUBLISH', KEYS[4], ARGV[1])
return {1, string.format('%.0f', own)}
`)

/** ARGV: name, generation. One that was replaced meanwhile stays. */
const forget = redisScript(`
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or '0') ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
`)

const fetch = redisScript(`return redis.call('MGET', KEYS[1], KEYS[2])`)

/** In RESP3, too, names and scores take turns: scripts get the older form of replies. */
const list = redisScript(`return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')`)

/** Changes with every certificate that is installed: how many there are, and the latest generation. */
const state = redisScript(`
local last = redis.call('ZRANGE', KEYS[1], 0, 0, 'REV', 'WITHSCORES')
return redis.call('ZCARD', KEYS[1]) .. ' ' .. (last[2] or '')
`)
