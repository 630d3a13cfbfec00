import type { CaLimitsConfig } from '../../config/config.ts'
import type { Limit } from './token-bucket.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** What a CA counts, named as in edge.yaml. */
export const limitNames = [
  'new_orders',
  'certificates_per_domain',
  'duplicate_certificates',
  'failed_validations',
  'new_accounts',
] as const

export type LimitName = (typeof limitNames)[number]

/** The limits of one CA; one that is missing is not kept. */
export interface CaLimits {
  readonly limits: Readonly<Partial<Record<LimitName, Limit>>>
  /** Whether renewals are counted as Let's Encrypt counts them (see isExempt); else each order counts everywhere. */
  readonly renewalsExempt: boolean
}

export const noLimits: CaLimits = { limits: {}, renewalsExempt: false }

/** https://letsencrypt.org/docs/rate-limits/ */
const letsEncrypt: CaLimits = {
  limits: {
    new_orders: { count: 300, periodMs: 3 * hourMs },
    certificates_per_domain: { count: 50, periodMs: 7 * dayMs },
    duplicate_certificates: { count: 5, periodMs: 7 * dayMs },
    failed_validations: { count: 5, periodMs: hourMs },
    new_accounts: { count: 10, periodMs: 3 * hourMs },
  },
  renewalsExempt: true,
}

/** https://letsencrypt.org/docs/staging-environment/ */
const letsEncryptStaging: CaLimits = {
  limits: {
    new_orders: { count: 1_500, periodMs: 3 * hourMs },
    certificates_per_domain: { count: 30_000, periodMs: 7 * dayMs },
    duplicate_certificates: { count: 30_000, periodMs: 7 * dayMs },
    failed_validations: { count: 200, periodMs: hourMs },
    new_accounts: { count: 50, periodMs: 3 * hourMs },
  },
  renewalsExempt: true,
}

const known: Readonly<Record<string, CaLimits>> = {
  'acme-v02.api.letsencrypt.org': letsEncrypt,
  'acme-staging-v02.api.letsencrypt.org': letsEncryptStaging,
}

/** The limits of a directory: as the config sets them, else as they are known. */
export function limitsOf(directory: string, config: CaLimitsConfig | undefined): CaLimits {
  const defaults = defaultLimitsOf(directory)
  const limits = limitNames.flatMap((name) => {
    const limit = config?.limits[name] ?? defaults.limits[name]
    return limit === undefined || limit === 'off' ? [] : [[name, limit]]
  })
  return {
    limits: Object.fromEntries(limits),
    renewalsExempt: config?.renewalsExempt ?? defaults.renewalsExempt,
  }
}

/** The limits that a directory is known to have; of an unknown CA none. */
export function defaultLimitsOf(directory: string): CaLimits {
  return known[URL.parse(directory)?.host ?? ''] ?? noLimits
}

export interface OrderKind {
  /** Of exactly the names that a certificate was issued for before. */
  readonly isRenewal: boolean
  /** The order says which certificate it replaces (RFC 9773 §5). */
  readonly viaAri: boolean
}

/**
 * Let's Encrypt counts a renewal that says what it replaces nowhere, and one that is known by its names neither for the account
 * nor for the registered domain. Failed validations are kept for both: they are what the CA pauses names for.
 */
export function isExempt(limit: LimitName, order: OrderKind, renewalsExempt: boolean): boolean {
  if (!renewalsExempt || limit === 'failed_validations') return false
  if (order.viaAri) return true
  return order.isRenewal && limit !== 'duplicate_certificates'
}

const texts: Readonly<Record<LimitName, string>> = {
  new_orders: 'new orders per account',
  certificates_per_domain: 'certificates per registered domain',
  duplicate_certificates: 'certificates for exactly the same names',
  failed_validations: 'failed validations per host and account',
  new_accounts: 'new accounts per address',
}

/** "50 certificates per registered domain in 7 days". */
export function describeLimit(name: LimitName, { count, periodMs }: Limit): string {
  return `${count} ${texts[name]} in ${describePeriod(periodMs)}`
}

function describePeriod(ms: number): string {
  if (ms % dayMs === 0) return plural(ms / dayMs, 'day')
  if (ms % hourMs === 0) return plural(ms / hourMs, 'hour')
  return plural(Math.round(ms / 6_000) / 10, 'minute')
}

const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`
