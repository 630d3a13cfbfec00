import type { Records } from './budget-records.ts'
import { recordOf } from './budget-records.ts'
import type { Bucket } from './order-buckets.ts'
import { refillMs } from './token-bucket.ts'

/** Nobody is promised a time further away; who would be shares the hour with others, and asks again then. */
const longestLineMs = 3_600_000

/**
 * When one of those that wait for the same bucket is to ask again: each is told a time of its own, a refill after the one before, so
 * that ten thousand renewals do not all come back for the one order that is free. Only `atMs` for the first.
 *
 * @param draw a fraction that tells orders apart where the line is too long to have places
 */
export function placeInLine(records: Records, bucket: Bucket, times: LineTimes): number {
  const { atMs, nowMs, draw } = times
  const { buckets } = recordOf(records, bucket.record)
  const member = `line:${bucket.member}`
  const placeMs = Math.max(atMs, Math.ceil((buckets.get(member) ?? 0) + refillMs(bucket.limit)))
  if (placeMs > Math.max(nowMs + longestLineMs, atMs)) return Math.ceil(atMs + longestLineMs * draw)
  buckets.set(member, placeMs)
  return placeMs
}

export interface LineTimes {
  readonly atMs: number
  readonly nowMs: number
  readonly draw: number
}
