import type { Limit } from '../budget/token-bucket.ts'

const hourMs = 3_600_000

/** How much faster than on average orders may go: enough to work off a backlog, while no hour is a peak. */
const haste = 1.25
/** So many an hour are a burden to no CA: a fleet that needs no more (of 90-day certificates some 5,000) gets them at once. */
const unpacedPerHour = 5
/** A larger fleet gets a tenth of its hour at once, two at the least: an hour that begins with a full bucket has so many more. */
const burstOfHour = 0.1
const minBurst = 2

/** The certificates that one account keeps. */
export interface Fleet {
  readonly certificates: number
  /** From one renewal to the next, on average: two thirds of a life. */
  readonly renewalIntervalMs: number
}

/**
 * How fast renewals that can wait go: a quarter faster than the fleet needs on average. Certificates that came together, an
 * outage of the CA, a shorter life that makes two generations fall due at once: all are spread over days that are left
 * anyway. Those in danger, and those that the CA wants replaced, are not held back (see isUrgent).
 */
export function paceOf({ certificates, renewalIntervalMs }: Fleet): Limit {
  const perHour = (certificates * haste * hourMs) / Math.max(renewalIntervalMs, hourMs)
  if (perHour <= unpacedPerHour) return { count: unpacedPerHour, periodMs: hourMs }
  const count = Math.max(perHour * burstOfHour, minBurst)
  return { count, periodMs: (count / perHour) * hourMs }
}
