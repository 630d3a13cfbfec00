import { createHash } from 'node:crypto'

/** A Lua script (https://redis.io/docs/latest/develop/programmability/eval-intro/) and the name that Redis keeps it under. */
export interface RedisScript {
  readonly text: string
  readonly sha1: string
}

export function redisScript(text: string): RedisScript {
  return { text, sha1: createHash('sha1').update(text).digest('hex') }
}

export interface ScriptInput {
  readonly keys: readonly string[]
  readonly values?: readonly (string | number | Buffer)[]
}

/** Bulk strings are Buffers, numbers are numbers, arrays are arrays of these; a missing value is `null`. */
export type RedisReply = Buffer | string | number | null | readonly RedisReply[]

/** For scripts: the server's clock in milliseconds since 1970, which all replicas share. */
export const serverTime = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`
