import { registeredDomain } from '../acme/budget/registered-domain.ts'
import { type FullAtMs, type Limit, refillMs, take } from '../acme/budget/token-bucket.ts'
import { BoundedMap } from './bounded-map.ts'

export interface OrderLimitSettings {
  /** Orders a minute, whatever the names. */
  readonly perMinute: number
  /** Orders a registered domain (public suffix list). */
  readonly perRegisteredDomain: Limit | 'off'
}

const minuteMs = 60_000
const mostDomains = 10_000

/** How many orders strangers can cause, whatever the operator's service allows. */
export class OrderLimits {
  #all: FullAtMs = 0
  readonly #byDomain = new BoundedMap<FullAtMs>(mostDomains)

  /** Takes one order for the name where there is one left; both limits or neither. */
  take(name: string, { perMinute, perRegisteredDomain }: OrderLimitSettings, nowMs: number): boolean {
    const all: Limit = { count: perMinute, periodMs: minuteMs }
    if (!isFree(this.#all, all, nowMs)) return false
    if (perRegisteredDomain !== 'off') {
      const domain = registeredDomain(name)
      const fullAtMs = this.#byDomain.get(domain) ?? 0
      if (!isFree(fullAtMs, perRegisteredDomain, nowMs)) return false
      this.#byDomain.set(domain, take(fullAtMs, perRegisteredDomain, nowMs))
    }
    this.#all = take(this.#all, all, nowMs)
    return true
  }
}

/** A bucket that only this process fills and empties. */
export function isFree(fullAtMs: FullAtMs, limit: Limit, nowMs: number): boolean {
  return fullAtMs - limit.periodMs + refillMs(limit) <= nowMs
}
