import { randomBytes } from 'node:crypto'
import type { AccountKey } from './account-key.ts'
import type { IssuedCertificate } from './authority.ts'
import { createNonces, type Nonces } from './nonces.ts'
import type { Problem } from './problem.ts'
import type { Profiles } from './profiles.ts'

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
  readonly orderId: string
  /** A host name or an address. */
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
  readonly profile: keyof Profiles
  /** The certificate that this order's will replace (RFC 9773 §5). */
  readonly replaces: CertificateRecord | undefined
  progress: OrderProgress
}

export type Revocation =
  | { readonly kind: 'none' }
  | { readonly kind: 'revoked'; readonly revokedAtMs: number; readonly reason: number }

export interface CertificateRecord extends IssuedCertificate {
  readonly id: string
  readonly account: Account
  readonly orderId: string
  /** Of the leaf: it is asked for too often to be parsed each time. */
  readonly endsAtMs: number
  revocation: Revocation
  /** A successor was issued that names it. */
  isReplaced: boolean
}

/** Everything the server remembers. Without a store it is gone when the server closes (clients make their account anew). */
export interface State {
  readonly nonces: Nonces
  readonly accounts: Map<string, Account>
  readonly orders: Map<string, Order>
  readonly authorizations: Map<string, Authorization>
  readonly certificates: Map<string, CertificateRecord>
  /** The same by the serial number of the leaf, hexadecimal: strangers may ask, and must not make the server search. */
  readonly certificatesBySerial: Map<string, CertificateRecord>
  readonly limits: StateLimits
}

export interface StateLimits {
  readonly accounts: number
  readonly orders: number
  readonly certificates: number
}

/** Bounds on memory: without them one script that repeats newAccount or newOrder would fill it. */
export const memoryLimits: StateLimits = { accounts: 1_000, orders: 1_000, certificates: 1_000 }
/** Bounds on memory and disk where the state is kept in a store. */
export const storedLimits: StateLimits = { accounts: 10_000, orders: 10_000, certificates: 20_000 }
export const orderLifeMs = 3_600_000

export function createState(limits: StateLimits = memoryLimits): State {
  return {
    nonces: createNonces(),
    accounts: new Map(),
    orders: new Map(),
    authorizations: new Map(),
    certificates: new Map(),
    certificatesBySerial: new Map(),
    limits,
  }
}

/** 128 unguessable bits: knowing one resource's address tells nothing about another's. */
export function newId(): string {
  return randomBytes(16).toString('base64url')
}

export function removeOrder(state: State, order: Order): void {
  state.orders.delete(order.id)
  for (const authorization of order.authorizations) state.authorizations.delete(authorization.id)
}

export function addOrder(state: State, order: Order): void {
  state.orders.set(order.id, order)
  for (const authorization of order.authorizations) state.authorizations.set(authorization.id, authorization)
}

export function addCertificate(state: State, record: CertificateRecord): void {
  state.certificates.set(record.id, record)
  state.certificatesBySerial.set(record.leaf.serialNumber, record)
}

export function removeCertificate(state: State, record: CertificateRecord): void {
  state.certificates.delete(record.id)
  state.certificatesBySerial.delete(record.leaf.serialNumber)
}
