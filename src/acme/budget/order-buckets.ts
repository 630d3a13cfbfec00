import { hash } from 'node:crypto'
import { type CaLimits, isExempt, type LimitName, type OrderKind } from './ca-limits.ts'
import { registeredDomain } from './registered-domain.ts'
import type { Limit } from './token-bucket.ts'

/** An order as the CA will count it. */
export interface BudgetedOrder extends OrderKind {
  /** Names the account; its URL, for instance. */
  readonly accountId: string
  /** Lower case, A-labels; also addresses. */
  readonly names: readonly string[]
  /** How fast orders that can wait are sent at all (see paceOf); `undefined`: as fast as the CA takes them. */
  readonly pace?: Limit | undefined
}

/** Something that a CA counts orders by: an account, a registered domain, a set of names, a host. */
export interface Place {
  readonly name: LimitName | 'pace'
  /** The record below the folder of the CA. */
  readonly record: string
  /** The member in the record. */
  readonly member: string
  /** What it is, for a person; empty for the account. */
  readonly subject: string
}

export interface Bucket extends Place {
  readonly limit: Limit
}

/** Where an order is counted, whether the CA's limits are known or not; without what it is exempt from. */
export function orderPlaces(order: BudgetedOrder, ca: CaLimits): Place[] {
  const record = accountRecord(order.accountId)
  const domains = [...new Set(order.names.map(registeredDomain))].sort()
  const names = [...new Set(order.names)].sort()
  const places: Place[] = [
    { name: 'new_orders', record, member: 'new_orders', subject: '' },
    ...domains.map((domain) => ({
      name: 'certificates_per_domain' as const,
      record: domainRecord(domain),
      member: 'certificates',
      subject: domain,
    })),
    // With the first of their domains, so that it goes when the domain goes.
    {
      name: 'duplicate_certificates',
      record: domainRecord(String(domains[0])),
      member: `set:${digestOf(names.join())}`,
      subject: names.join(', '),
    },
    ...names.map((host) => ({ name: 'failed_validations' as const, record, member: `failed:${host}`, subject: host })),
  ]
  return places.filter(({ name }) => name === 'pace' || !isExempt(name, order, ca.renewalsExempt))
}

/** Those of the places that have a known limit. */
export function limitedPlaces(places: readonly Place[], ca: CaLimits): Bucket[] {
  return places.flatMap((place) => {
    const limit = place.name === 'pace' ? undefined : ca.limits[place.name]
    return limit === undefined ? [] : [{ ...place, limit }]
  })
}

/** Our own pace: of an account, as the CA's orders are. */
export function paceBuckets({ accountId, pace }: BudgetedOrder): Bucket[] {
  if (pace === undefined) return []
  return [{ name: 'pace', record: accountRecord(accountId), member: 'pace', subject: '', limit: pace }]
}

/** Failed validations are counted when they fail; all the rest with the order. */
export function isTakenByOrder({ name }: Place): boolean {
  return name !== 'failed_validations'
}

/** Other names draw from it as well. */
export function isShared({ name }: Place): boolean {
  return name !== 'failed_validations' && name !== 'duplicate_certificates'
}

/** Boulder counts certificates when they are issued, and accounts when they are made: what came to nothing gets these back. */
export function isGivenBack({ name }: Place): boolean {
  return ['certificates_per_domain', 'duplicate_certificates', 'new_accounts'].includes(name)
}

function accountRecord(accountId: string): string {
  return `account-${digestOf(accountId)}.json`
}

/** Addresses hold colons, which a key of the store does not. */
function domainRecord(domain: string): string {
  return `domain-${domain.replaceAll(':', '_')}.json`
}

function digestOf(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22)
}
