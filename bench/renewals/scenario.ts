import { type CaLimits, defaultLimitsOf } from '../../src/acme/budget/ca-limits.ts'
import type { Limit } from '../../src/acme/budget/token-bucket.ts'

export const minuteMs = 60_000
export const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

/** What is simulated; all times in milliseconds since 1970. */
export interface Scenario {
  readonly seed: number
  readonly certificates: number
  readonly startMs: number
  readonly days: number
  /** Lives of new certificates, from a date on; the first one holds from the beginning. */
  readonly lives: readonly { readonly fromMs: number; readonly days: number }[]
  /** The part of the fleet that is taken over, with certificates of its own, from other clients; the rest comes as new names. */
  readonly takenOver: number
  /** New names come on working days from 9 to 17 o'clock, for so many days. */
  readonly arrivalDays: number
  readonly accounts: number
  /** Of each account and the CA. */
  readonly ca: CaLimits
  /** Whether the CA says when to renew (RFC 9773). */
  readonly hasAri: boolean
  /** Whether renewals that can wait are paced; off only to see what pacing is for. */
  readonly isPaced: boolean
  readonly outage: { readonly startMs: number; readonly endMs: number }
  readonly revocation: Revocation
  /** Of attempts that reach the CA, so many fail for once. */
  readonly failing: number
  /** And after so many the host is broken for `brokenMs`. */
  readonly breaking: number
  readonly brokenMs: number
}

export interface Revocation {
  readonly atMs: number
  readonly part: number
  /** Those that the CA will revoke have to be replaced in this time: a day to hear of it, half a day to order. */
  readonly deadlineMs: number
}

/** An incident's peak is reported on its own; what follows the incident's end by more than this is everyday life again. */
export const aftermathMs = { outage: 4 * dayMs, revocation: 2 * dayMs }

const letsEncrypt = defaultLimitsOf('https://acme-v02.api.letsencrypt.org/directory')

/** Let's Encrypt's limits with another number of orders for an account; counting renewals, too, or not. */
export function caWith(newOrders: Limit, options: { readonly countsRenewals: boolean }): CaLimits {
  const { certificates_per_domain, ...others } = letsEncrypt.limits
  const limits = { ...others, new_orders: newOrders }
  // A CA that counted every renewal for its domain as well would stop any large domain: no CA does both.
  return options.countsRenewals
    ? { limits, renewalsExempt: false }
    : { limits: { ...limits, ...(certificates_per_domain ? { certificates_per_domain } : {}) }, renewalsExempt: true }
}

/** Three years that begin with 90-day certificates; the dates are those that Let's Encrypt has announced. */
export function defaultScenario(options: Partial<Scenario> = {}): Scenario {
  return {
    seed: 1,
    certificates: 1_000_000,
    startMs: Date.UTC(2026, 11, 1),
    days: 3 * 365 + 1,
    lives: [
      { fromMs: 0, days: 90 },
      { fromMs: Date.UTC(2027, 1, 10), days: 64 },
      { fromMs: Date.UTC(2028, 1, 16), days: 45 },
    ],
    takenOver: 0.85,
    arrivalDays: 548,
    accounts: 1,
    ca: letsEncrypt,
    hasAri: true,
    isPaced: true,
    outage: { startMs: Date.UTC(2028, 5, 13, 6), endMs: Date.UTC(2028, 5, 14, 6) },
    revocation: { atMs: Date.UTC(2028, 9, 10, 15), part: 0.02, deadlineMs: 36 * hourMs },
    failing: 0.01,
    breaking: 0.0005,
    brokenMs: 3 * dayMs,
    ...options,
  }
}
