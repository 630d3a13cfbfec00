import { setTimeout as delay } from 'node:timers/promises'
import type { RedisStoreConfig } from '../config/config.ts'
import { EdgeError, toEdgeError } from '../errors.ts'
import { field } from '../log.ts'
import { connectRedis, isErrorReply, type RedisConnection, redisName } from './redis-connection.ts'
import type { RedisReply, RedisScript, ScriptInput } from './redis-script.ts'
import type { WarningLog } from './warning-log.ts'

/** Waits between attempts double from one to the other, each shortened by up to a half by chance. */
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 2_000

export interface RedisLink {
  readonly config: RedisStoreConfig
  /** `undefined` during an outage. */
  readonly connection: RedisConnection | undefined
  /** Runs a script on the connection of now. Fails at once during an outage, with ACME_EDGE_STORE_UNREADABLE or …_UNWRITABLE. */
  run(kind: 'UNREADABLE' | 'UNWRITABLE', script: RedisScript, input: ScriptInput): Promise<RedisReply>
  /** The key with the store's prefix. */
  key(kind: string, name?: string): string
  /** Calls back with the connection of now and with every later one. */
  onConnect(listener: (connection: RedisConnection) => void): void
  /** Calls back with `true` when the store is lost (at once if it is lost now) and with `false` when it is back. */
  onOutage(listener: (isLost: boolean) => void): void
  close(): void
}

/**
 * Keeps a connection to Redis: the first attempt is waited for, a lost connection is made again. A Redis that cannot be
 * reached is no error here, so that an edge starts from its copies during an outage; one that refuses (a wrong
 * password, too old a version, a cluster) is.
 */
export async function openRedisLink(config: RedisStoreConfig, log: WarningLog): Promise<RedisLink> {
  const onConnect = new Set<(connection: RedisConnection) => void>()
  const onOutage = new Set<(isLost: boolean) => void>()
  const closing = new AbortController()
  let connection: RedisConnection | undefined
  let outage: EdgeError | undefined
  let isToldOfForgetting = false
  const lose = (error: EdgeError) => {
    connection = undefined
    if (outage === undefined)
      log.warn({ [field.error]: error.message }, 'the store is lost; what is known is served on')
    const isNews = outage === undefined
    outage = error
    if (isNews) for (const listener of onOutage) listener(true)
  }
  const win = (next: RedisConnection) => {
    connection = next
    if (next.mayForget && !isToldOfForgetting) {
      isToldOfForgetting = true
      log.warn(
        { [field.name]: redisName(config) },
        'this Redis drops keys when it is full: set maxmemory-policy noeviction',
      )
    }
    const isNews = outage !== undefined
    outage = undefined
    if (isNews) log.warn({ [field.name]: redisName(config) }, 'the store is back')
    void next.ended.then((reason) => {
      if (!closing.signal.aborted) void keep(lostError(reason, config))
    })
    if (isNews) for (const listener of onOutage) listener(false)
    for (const listener of onConnect) listener(next)
  }
  const keep = async (first: EdgeError) => {
    lose(first)
    for (let wait = FIRST_WAIT_MS; !closing.signal.aborted; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      await delay(wait * (1 - Math.random() / 2), undefined, { ref: false })
      if (closing.signal.aborted) return
      const next = await connectRedis(config).catch(lose)
      if (next === undefined) continue
      if (closing.signal.aborted) return next.close()
      return win(next)
    }
  }
  try {
    win(await connectRedis(config))
  } catch (error) {
    const reason = toEdgeError(error)
    if (reason.code === 'ACME_EDGE_STORE_UNSUPPORTED' || reason.details.refused === true) throw reason
    void keep(reason)
  }
  return {
    config,
    get connection() {
      return connection
    },
    async run(kind, script, input) {
      if (connection === undefined) throw failed(kind, outage?.message ?? 'the store is closed')
      try {
        return await connection.run(script, input)
      } catch (error) {
        throw failed(kind, commandMessage(error, config), error)
      }
    },
    key: (kind, name) => `${config.prefix}${kind}${name === undefined ? '' : `:${name}`}`,
    onConnect(listener) {
      onConnect.add(listener)
      if (connection !== undefined) listener(connection)
    },
    onOutage(listener) {
      onOutage.add(listener)
      if (outage !== undefined) listener(true)
    },
    close() {
      closing.abort()
      connection?.close()
      connection = undefined
    },
  }
}

function failed(kind: 'UNREADABLE' | 'UNWRITABLE', message: string, cause?: unknown): EdgeError {
  return new EdgeError(`ACME_EDGE_STORE_${kind}`, message, { cause })
}

function lostError(reason: Error, config: RedisStoreConfig): EdgeError {
  return failed('UNREADABLE', `the store at ${redisName(config)} cannot be reached (${reason.message})`, reason)
}

function commandMessage(error: unknown, config: RedisStoreConfig): string {
  const reason = error instanceof Error ? error.message : String(error)
  if (!isErrorReply(error)) return `the store at ${redisName(config)} cannot be reached (${reason})`
  const full = reason.startsWith('OOM') ? ': give it more memory (maxmemory)' : ''
  const readOnly = reason.startsWith('READONLY') ? ': store has to name the primary, not a replica' : ''
  return `the store at ${redisName(config)} refuses (${reason})${full}${readOnly}`
}
