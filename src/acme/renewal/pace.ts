import type { Limit } from '../budget/token-bucket.ts'

const hourMs = 3_600_000

/** How much faster than on average orders may go: enough to work off a backlog, while no hour is a peak. */
const haste = 1.25
/** So many an hour are no burden for any CA: a fleet that needs no more gets them at once. */
const unpacedPerHour = 20
/** A larger fleet gets its share of an hour in ten portions: an hour that begins with a full bucket has 11 of them. */
const portionMs = hourMs / 10

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
  return perHour <= unpacedPerHour
    ? { count: unpacedPerHour, periodMs: hourMs }
    : { count: (perHour * portionMs) / hourMs, periodMs: portionMs }
}
