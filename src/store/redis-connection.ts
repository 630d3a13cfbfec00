import { readFile } from 'node:fs/promises'
import { createClient, ErrorReply, RESP_TYPES } from '@redis/client'
import type { RedisStoreConfig } from '../config/config.ts'
import { EdgeError } from '../errors.ts'
import type { RedisReply, RedisScript, ScriptInput } from './redis-script.ts'
import { askRedisServer, type RedisServer } from './redis-server.ts'

/** How long connecting may take: TCP, TLS, the user and the first answer together. */
export const CONNECT_MS = 2_000
/** How long Redis may take over one command, and how long an outage can go unnoticed while commands are sent. */
export const COMMAND_MS = 2_000

/**
 * One connection from its beginning to its end: it never connects again by itself. So whoever holds one knows that every
 * answer came from the same run of the same server.
 */
export interface RedisConnection extends RedisServer {
  /** Atomic. Throws the server's ErrorReply, or an Error when the connection is lost or COMMAND_MS are over. */
  run(script: RedisScript, input: ScriptInput): Promise<RedisReply>
  subscribe(channel: string, onMessage: (message: Buffer) => void): Promise<void>
  isOpen(): boolean
  /** Resolves with the reason once the connection has ended. */
  readonly ended: Promise<Error>
  close(): void
}

/**
 * Connects, signs in and asks who is there. Throws EdgeError ACME_EDGE_STORE_UNREADABLE with what is wrong and what to do,
 * ACME_EDGE_STORE_UNSUPPORTED for a Redis that is too old, a node of a cluster or a Sentinel. No message holds the password.
 */
export async function connectRedis(config: RedisStoreConfig): Promise<RedisConnection> {
  const client = await createRedisClient(config)
  const connection = wrap(client)
  try {
    await inTime(client.connect(), CONNECT_MS)
    const asked = askRedisServer((section) => client.info(section), redisName(config))
    const server = await inTime(asked, COMMAND_MS)
    // Not before: neither a Sentinel nor a cluster has databases, and that would be all they say.
    if (config.database !== 0) await inTime(client.select(config.database), COMMAND_MS)
    return Object.assign(connection, server)
  } catch (error) {
    connection.close()
    throw connectError(error, config)
  }
}

/** `127.0.0.1:6379/0`: what messages call the server; never with user or password. */
export function redisName({ host, port, database }: RedisStoreConfig): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}/${database}`
}

/** Whether it is the server that said no, rather than the connection that failed. */
export function isErrorReply(error: unknown): error is Error {
  return error instanceof ErrorReply
}

type Client = Awaited<ReturnType<typeof createRedisClient>>

async function createRedisClient(config: RedisStoreConfig) {
  const { host, port, username } = config
  const password = await passwordOf(config)
  const once = { host, port, connectTimeout: CONNECT_MS, reconnectStrategy: false as const }
  return createClient({
    socket: config.tls ? { ...once, tls: true, ...(config.ca ? { ca: await readNamed(config.ca) } : {}) } : once,
    ...{ RESP: 3, disableOfflineQueue: true, name: 'acme-edge', maintNotifications: 'disabled' },
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  })
}

function wrap(client: Client): RedisConnection {
  const ended = Promise.withResolvers<Error>()
  let isOpen = true
  let pending = 0
  const end = (reason: Error) => {
    if (!isOpen) return
    isOpen = false
    ended.resolve(reason)
    client.destroy()
  }
  client.on('error', (error: Error) => end(error))
  client.on('terminated', (error: Error) => end(error))
  /** A connection keeps the process alive only while an answer is awaited. */
  const send = async (args: (string | Buffer)[]): Promise<RedisReply> => {
    if (!isOpen) throw new Error('the connection is closed')
    if (pending++ === 0) client.ref()
    try {
      return (await inTime(client.sendCommand(args, commandOptions), COMMAND_MS)) as RedisReply // by the type mapping
    } catch (error) {
      // An answer that is late would be an answer to nobody, and a server that hangs is as good as gone.
      // So is one that takes no writes any more: after a failover the name leads to another.
      const isOver = !isErrorReply(error) || error.message.startsWith('READONLY')
      if (isOver) end(error instanceof Error ? error : new Error(String(error)))
      throw error
    } finally {
      if (--pending === 0) client.unref()
    }
  }
  return {
    run: (script, input) => runScript(send, script, input),
    subscribe: (channel, onMessage) => inTime(client.subscribe(channel, onMessage, true), COMMAND_MS),
    isOpen: () => isOpen,
    mayForget: false,
    ended: ended.promise,
    close: () => end(new Error('closed')),
  }
}

const commandOptions = {
  typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.SIMPLE_STRING]: Buffer },
}

async function runScript(
  send: (args: (string | Buffer)[]) => Promise<RedisReply>,
  script: RedisScript,
  { keys, values = [] }: ScriptInput,
): Promise<RedisReply> {
  const rest = [
    String(keys.length),
    ...keys,
    ...values.map((value) => (Buffer.isBuffer(value) ? value : String(value))),
  ]
  try {
    return await send(['EVALSHA', script.sha1, ...rest])
  } catch (error) {
    // Nothing was run: the server was restarted, or its scripts were flushed.
    if (!isErrorReply(error) || !error.message.startsWith('NOSCRIPT')) throw error
    return send(['EVAL', script.text, ...rest])
  }
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
    work.catch(() => undefined) // one that fails later has nobody to tell
  }
}

async function passwordOf({ password, passwordFile }: RedisStoreConfig): Promise<string | undefined> {
  if (passwordFile === undefined) return password
  return (await readNamed(passwordFile)).replace(/\r?\n$/, '')
}

async function readNamed(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EdgeError('ACME_EDGE_STORE_UNREADABLE', `${path}, which store names, cannot be read: ${reason}`, refused)
  }
}

/** Marks what does not pass by waiting: the config has to be changed. */
const refused = { details: { refused: true } }

function connectError(error: unknown, config: RedisStoreConfig): EdgeError {
  if (error instanceof EdgeError) return error
  const reason = error instanceof Error ? error.message : String(error)
  const advice = /^(WRONGPASS|NOAUTH|NOPERM)/.test(reason)
    ? 'check user and password in store, and what Redis allows this user'
    : 'check that Redis runs there and that store names it rightly'
  const message = `the store at ${redisName(config)} cannot be reached (${reason}): ${advice}`
  const passes = !isErrorReply(error) || /^(LOADING|BUSY|TRYAGAIN|MASTERDOWN|ERR max number of clients)/.test(reason)
  return new EdgeError('ACME_EDGE_STORE_UNREADABLE', message, { cause: error, ...(passes ? {} : refused) })
}
