/** So many in a period, as a bucket: all of them at once when it is full, and one comes back every `periodMs / count`. */
export interface Limit {
  readonly count: number
  readonly periodMs: number
}

/**
 * A bucket is one number, the time at which it is full again (GCRA's "theoretical arrival time", as Boulder keeps it); 0 and
 * anything in the past: it is full. Cheap to keep, to share and to compare; nothing has to be refilled.
 */
export type FullAtMs = number

/**
 * The CA counts when a request arrives, we when we decide to send it: one that takes long comes closer to the next than it
 * left. So much is kept from the bottom of a bucket, or a tenth of the period where that is less.
 */
const marginMs = 60_000

export function refillMs(limit: Limit): number {
  return limit.periodMs / limit.count
}

/** When one can be taken; `nowMs` or before: at once. */
export function freeAtMs(fullAtMs: FullAtMs, limit: Limit): number {
  return fullAtMs - limit.periodMs + refillMs(limit) + Math.min(marginMs, limit.periodMs / 10)
}

/** Takes one, whether there is one or not. */
export function take(fullAtMs: FullAtMs, limit: Limit, nowMs: number): FullAtMs {
  return Math.max(fullAtMs, nowMs) + refillMs(limit)
}

/** Gives back one that was taken and not used. */
export function giveBack(fullAtMs: FullAtMs, limit: Limit): FullAtMs {
  return fullAtMs - refillMs(limit)
}

/** The bucket as somebody sees it who knows better: none in it before `freeMs`, one then. */
export function emptyUntil(freeMs: number, limit: Limit): FullAtMs {
  return freeMs + limit.periodMs - refillMs(limit)
}
