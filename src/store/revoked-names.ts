import type { RedisLink } from './redis-link.ts'
import { type RedisReply, redisScript, serverTime } from './redis-script.ts'

/** Messages come on it; what they miss is read from the list. */
export const revokedChannel = 'revoked'

/** Who was cut off for longer looks at all certificates by itself meanwhile. */
const KEPT_MS = 3_600_000

/**
 * Tells the edges of all machines that the certificate of a name was revoked; noteRevocation() comes first. Answers how many
 * listen. Throws ACME_EDGE_STORE_UNWRITABLE.
 */
export async function announceRevoked(redis: RedisLink, name: string): Promise<number> {
  const keys = [redis.key(revokedChannel), redis.key('revoked-names')]
  return Number(await redis.run('UNWRITABLE', announce, { keys, values: [name] }))
}

/** Of which names certificates were revoked of late, each time once. */
export class RevokedNames {
  readonly #redis: RedisLink
  #seen = '0'
  /** One after the other: two at a time would tell the same. */
  #reading: Promise<unknown> = Promise.resolve()

  constructor(redis: RedisLink) {
    this.#redis = redis
  }

  /** Those since the last call; the first time all of the last hour. Throws ACME_EDGE_STORE_UNREADABLE. */
  next(): Promise<string[]> {
    const found = this.#reading.then(() => this.#read())
    this.#reading = found.catch(() => undefined)
    return found
  }

  async #read(): Promise<string[]> {
    const input = { keys: [this.#redis.key('revoked-names')], values: [this.#seen] }
    const reply = (await this.#redis.run('UNREADABLE', later, input)) as readonly RedisReply[]
    const found: string[] = []
    for (let i = 0; i + 1 < reply.length; i += 2) {
      found.push(String(reply[i]))
      this.#seen = String(reply[i + 1])
    }
    return found
  }
}

/** KEYS: channel, names. ARGV: name. Each gets a number that nobody has seen, by the clock: also after a loss of data. */
const announce = redisScript(`
${serverTime}
local last = redis.call('ZRANGE', KEYS[2], 0, 0, 'REV', 'WITHSCORES')
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ${KEPT_MS})
redis.call('ZADD', KEYS[2], string.format('%.0f', math.max(now, tonumber(last[2] or '0') + 1)), ARGV[1])
redis.call('PEXPIRE', KEYS[2], ${KEPT_MS})
return redis.call('PUBLISH', KEYS[1], ARGV[1])
`)

/** KEYS: names. ARGV: the number that was seen last. Names and numbers take turns, the latest at the end. */
const later = redisScript(`
return redis.call('ZRANGE', KEYS[1], '(' .. ARGV[1], '+inf', 'BYSCORE', 'WITHSCORES')
`)
