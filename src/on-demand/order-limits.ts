import {
  changeRecords,
  pruneRecords,
  type RecordStore,
  type Records,
  readRecords,
  recordOf,
} from '../acme/budget/budget-records.ts'
import { registeredDomain } from '../acme/budget/registered-domain.ts'
import { type FullAtMs, type Limit, refillMs, take } from '../acme/budget/token-bucket.ts'
import type { Store } from '../store/contract.ts'

export interface OrderLimitSettings {
  /** Orders a minute, whatever the names. */
  readonly perMinute: number
  /** Orders a registered domain (public suffix list). */
  readonly perRegisteredDomain: Limit | 'off'
}

/**
 * How many orders strangers can cause, whatever the operator's service allows. Counted in the store, so that neither restarts nor
 * further edges allow more. All of it throws the ACME_EDGE_STORE_… errors.
 */
export interface OrderLimits {
  /** Takes one order for the name where there is one left, under every limit or under none. Where none is left nothing is locked. */
  take(name: string, settings: OrderLimitSettings, signal: AbortSignal): Promise<boolean>
  /** Forgets the domains for which nothing counts any more; once a day is enough. */
  prune(signal: AbortSignal): Promise<void>
}

const minuteMs = 60_000
const folder = 'limits/on-demand'
const member = 'orders'

export function openOrderLimits(options: { readonly store: Store; readonly now: () => number }): OrderLimits {
  const records: RecordStore = { ...options, folder }
  return {
    async take(name, settings, signal) {
      const counts = countsOf(name, settings)
      const names = counts.map(({ record }) => record)
      const isLeft = (read: Records) =>
        counts.every((count) => isFree(fullAtMs(read, count), count.limit, options.now()))
      if (!isLeft(await readRecords(records, names))) return false
      const work = (read: Records): boolean => {
        if (!isLeft(read)) return false // another edge was first
        for (const count of counts) {
          const { buckets } = recordOf(read, count.record)
          buckets.set(member, take(fullAtMs(read, count), count.limit, options.now()))
        }
        return true
      }
      return changeRecords(records, { names, work }, signal)
    },
    prune: (signal) => pruneRecords(records, signal),
  }
}

interface Count {
  readonly record: string
  readonly limit: Limit
}

function countsOf(name: string, { perMinute, perRegisteredDomain }: OrderLimitSettings): Count[] {
  const all = { record: 'all.json', limit: { count: perMinute, periodMs: minuteMs } }
  if (perRegisteredDomain === 'off') return [all]
  return [all, { record: `domain-${registeredDomain(name)}.json`, limit: perRegisteredDomain }]
}

function fullAtMs(records: Records, { record }: Count): FullAtMs {
  return recordOf(records, record).buckets.get(member) ?? 0
}

/** A bucket that nobody else fills and empties: nothing is kept in hand. */
export function isFree(fullAtMs: FullAtMs, limit: Limit, nowMs: number): boolean {
  return fullAtMs - limit.periodMs + refillMs(limit) <= nowMs
}
