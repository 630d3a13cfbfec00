import { refillMs, take } from '../budget/token-bucket.ts'
import { Problem } from './problem.ts'

export interface RateLimitOptions {
  /** New accounts that one client address may make. */
  readonly accountsPerMinute: number
  /** New orders of one account. */
  readonly ordersPerMinute: number
  /** Challenges that one host is asked for, whoever orders: the CA is no hammer. */
  readonly validationsPerMinute: number
}

export type RateLimitName = keyof RateLimitOptions

export interface RateLimits {
  /** Counts one against a limit; throws `rateLimited`, with the name of the limit and a Retry-After, when it is used up. */
  spend(limit: RateLimitName, who: string, nowMs: number): void
}

const what: Readonly<Record<RateLimitName, string>> = {
  accountsPerMinute: 'new accounts a minute from one address',
  ordersPerMinute: 'new orders a minute of one account',
  validationsPerMinute: 'validations a minute of one host',
}
const minuteMs = 60_000
/** Full buckets are forgotten; so many others at most, so that a flood of addresses does not fill the memory. */
const maxBuckets = 20_000

/** For a server that only its own process talks to. */
export const noRateLimits: RateLimits = { spend: () => undefined }

export function createRateLimits(options: RateLimitOptions): RateLimits {
  const fullAtMs = new Map<string, number>()
  return {
    spend(name, who, nowMs) {
      const limit = { count: options[name], periodMs: minuteMs }
      const key = `${name} ${who}`
      const full = fullAtMs.get(key) ?? 0
      const waitMs = full - limit.periodMs + refillMs(limit) - nowMs
      if (waitMs > 0) {
        const headers = { 'retry-after': String(Math.ceil(waitMs / 1000)) }
        throw new Problem('rateLimited', `${name}: at most ${limit.count} ${what[name]}`, { headers })
      }
      if (fullAtMs.size >= maxBuckets) makeRoom(fullAtMs, nowMs)
      fullAtMs.delete(key) // so that the map is in order of use
      fullAtMs.set(key, take(full, limit, nowMs))
    },
  }
}

function makeRoom(fullAtMs: Map<string, number>, nowMs: number): void {
  for (const [key, full] of fullAtMs) if (full <= nowMs) fullAtMs.delete(key)
  for (const key of fullAtMs.keys()) {
    if (fullAtMs.size < maxBuckets) break
    fullAtMs.delete(key)
  }
}
