import { randomBytes } from 'node:crypto'
import type { AccountKey } from './account-key.ts'
import type { IssuedCertificate } from './authority.ts'
import { createNonces, type Nonces } from './nonces.ts'
import { Problem } from './problem.ts'

export interface Account {
  readonly id: string
  key: AccountKey
  contact: readonly string[]
  status: 'valid' | 'deactivated'
}

export type ChallengeProgress =
  | { readonly kind: 'pending' }
  | { readonly kind: 'processing' }
  | { readonly kind: 'valid'; readonly validatedAtMs: number }
  | { readonly kind: 'invalid'; readonly problem: Problem }

/** One identifier's authorization with its only challenge (http-01), which shares its id. */
export interface Authorization {
  readonly id: string
  readonly account: Account
  readonly host: string
  readonly token: string
  readonly expiresAtMs: number
  progress: ChallengeProgress
  withdrawal: 'none' | 'deactivated'
}

export type OrderProgress =
  | { readonly kind: 'open' }
  | { readonly kind: 'processing' }
  | { readonly kind: 'issued'; readonly certificate: CertificateRecord }

export interface Order {
  readonly id: string
  readonly account: Account
  readonly expiresAtMs: number
  readonly authorizations: readonly Authorization[]
  progress: OrderProgress
}

export interface CertificateRecord extends IssuedCertificate {
  readonly id: string
  readonly account: Account
  revocation: 'none' | 'revoked'
}

/** Everything the server remembers; it is gone when the server closes (clients make their account anew). */
export interface State {
  readonly nonces: Nonces
  readonly accounts: Map<string, Account>
  readonly orders: Map<string, Order>
  readonly authorizations: Map<string, Authorization>
  readonly certificates: Map<string, CertificateRecord>
}

/** Bounds on memory: without them one script that repeats newAccount or newOrder would fill it. */
export const stateLimits = { accounts: 1000, orders: 1000, certificates: 1000, orderLifeMs: 3_600_000 } as const

export function createState(): State {
  return {
    nonces: createNonces(),
    accounts: new Map(),
    orders: new Map(),
    authorizations: new Map(),
    certificates: new Map(),
  }
}

/** 128 unguessable bits: knowing one resource's address tells nothing about another's. */
export function newId(): string {
  return randomBytes(16).toString('base64url')
}

/** Drops expired orders; throws `rateLimited` when there is still no room for another. */
export function makeRoomForOrder(state: State, nowMs: number): void {
  for (const order of state.orders.values()) {
    if (order.expiresAtMs > nowMs) continue
    state.orders.delete(order.id)
    for (const authorization of order.authorizations) state.authorizations.delete(authorization.id)
  }
  if (state.orders.size >= stateLimits.orders) {
    const retryAfter = String(Math.ceil(stateLimits.orderLifeMs / 1000))
    throw new Problem('rateLimited', 'too many orders are open', { headers: { 'retry-after': retryAfter } })
  }
}

export function makeRoomForAccount(state: State): void {
  if (state.accounts.size < stateLimits.accounts) return
  throw new Problem('rateLimited', 'too many accounts: restart the server', { headers: { 'retry-after': '3600' } })
}

/** Keeps the record for download and revocation; the oldest goes when the table is full. */
export function keepCertificate(state: State, record: CertificateRecord): void {
  for (const oldest of state.certificates.keys()) {
    if (state.certificates.size < stateLimits.certificates) break
    state.certificates.delete(oldest)
  }
  state.certificates.set(record.id, record)
}
