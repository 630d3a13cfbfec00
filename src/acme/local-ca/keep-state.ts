import { X509Certificate } from 'node:crypto'
import type { JWK } from 'jose'
import { EdgeError } from '../../errors.ts'
import type { Store } from '../../store/contract.ts'
import { identifierOf } from '../identifier.ts'
import { Problem, type ProblemType, problemTypes } from './problem.ts'
import {
  type Account,
  type Authorization,
  addCertificate,
  addOrder,
  type CertificateRecord,
  type Order,
  type State,
} from './state.ts'

/** Makes changes of the state last. Each call returns when the change would survive a crash. */
export interface StateKeeper {
  account(account: Account): Promise<void>
  order(order: Order): Promise<void>
  certificate(record: CertificateRecord): Promise<void>
  forget(gone: {
    readonly accounts?: readonly Account[]
    readonly orders?: readonly Order[]
    readonly certificates?: readonly CertificateRecord[]
  }): Promise<void>
  /** Resolves when all that was begun is written, or has failed. */
  settled(): Promise<void>
}

/** Keeps nothing: for a server whose clients live as long as itself. */
export const forgetfulKeeper: StateKeeper = {
  account: async () => undefined,
  order: async () => undefined,
  certificate: async () => undefined,
  forget: async () => undefined,
  settled: async () => undefined,
}

const keys = {
  account: (id: string) => `acme-server/accounts/${id}.json`,
  order: (id: string) => `acme-server/orders/${id}.json`,
  certificate: (id: string) => `acme-server/certificates/${id}.json`,
} as const

export function createStateKeeper(store: Store): StateKeeper {
  const { write, settled } = createTurns(store)
  return {
    settled,
    account: (account) => write(keys.account(account.id), () => toStoredAccount(account)),
    order: (order) => write(keys.order(order.id), () => toStoredOrder(order)),
    certificate: (record) => write(keys.certificate(record.id), () => toStoredCertificate(record)),
    async forget({ accounts = [], orders = [], certificates = [] }) {
      for (const { id } of accounts) await store.remove(keys.account(id))
      for (const { id } of orders) await store.remove(keys.order(id))
      for (const { id } of certificates) await store.remove(keys.certificate(id))
    },
  }
}

/**
 * Writes of one key follow each other, and each takes what is to be written when its turn has come: two names of an order
 * that are proven at once must not leave the older of their two pictures of it.
 */
function createTurns(store: Store) {
  const last = new Map<string, Promise<void>>()
  const write = (key: string, toRecord: () => object): Promise<void> => {
    const before = last.get(key)?.catch(() => undefined) ?? Promise.resolve()
    const turn = before.then(() => store.write(key, JSON.stringify(toRecord())))
    last.set(key, turn)
    return turn.finally(() => {
      if (last.get(key) === turn) last.delete(key)
    })
  }
  const settled = async (): Promise<void> => {
    while (last.size > 0) await Promise.allSettled(last.values())
  }
  return { write, settled }
}

/**
 * Reads what a keeper of the same store kept into an empty state. What was under way goes on: an order whose certificate
 * was signed has it, one that was being finalized is ready again. Throws ACME_EDGE_LOCALCA_CORRUPT.
 */
export async function loadState(state: State, store: Store, nowMs: number): Promise<void> {
  const read = async <T>(prefix: string, take: (stored: T) => void): Promise<void> => {
    for (const key of await store.list(prefix)) {
      const bytes = await store.read(key)
      if (bytes) parse(key, () => take(JSON.parse(bytes.toString('utf8')) as T)) // written by the keeper, with a checksum
    }
  }
  await read<StoredAccount>(
    keys.account('').replace('.json', ''),
    (stored) => void state.accounts.set(stored.id, stored),
  )
  const certificates: CertificateRecord[] = []
  await read<StoredCertificate>(keys.certificate('').replace('.json', ''), (stored) => {
    certificates.push(fromStoredCertificate(stored, state))
  })
  certificates.sort((a, b) => a.leaf.validFromDate.getTime() - b.leaf.validFromDate.getTime())
  for (const record of certificates) addCertificate(state, record)
  const expired: string[] = []
  const issued = new Map(certificates.map((record) => [record.orderId, record]))
  await read<StoredOrder>(keys.order('').replace('.json', ''), (stored) => {
    if (stored.expiresAtMs > nowMs) addOrder(state, fromStoredOrder(stored, state, issued))
    else expired.push(keys.order(stored.id))
  })
  for (const key of expired) await store.remove(key)
}

interface StoredAccount {
  readonly id: string
  readonly key: { readonly jwk: JWK; readonly thumbprint: string }
  readonly contact: readonly string[]
  readonly status: 'valid' | 'deactivated'
}

interface StoredAuthorization {
  readonly id: string
  readonly host: string
  readonly token: string
  readonly expiresAtMs: number
  readonly withdrawal: 'none' | 'deactivated'
  readonly progress: StoredProgress
}

type StoredProgress =
  | { readonly kind: 'pending' | 'processing' }
  | { readonly kind: 'valid'; readonly validatedAtMs: number }
  | { readonly kind: 'invalid'; readonly type: string; readonly detail: string }

interface StoredOrder {
  readonly id: string
  readonly accountId: string
  readonly expiresAtMs: number
  readonly profile: Order['profile']
  readonly replacesId: string | undefined
  readonly authorizations: readonly StoredAuthorization[]
}

interface StoredCertificate {
  readonly id: string
  readonly accountId: string
  readonly orderId: string
  readonly pem: string
  readonly revocation: CertificateRecord['revocation']
  readonly isReplaced: boolean
}

function toStoredAccount({ id, key, contact, status }: Account): StoredAccount {
  return { id, key, contact, status }
}

function toStoredOrder({ id, account, expiresAtMs, profile, replaces, authorizations }: Order): StoredOrder {
  return {
    ...{ id, accountId: account.id, expiresAtMs, profile, replacesId: replaces?.id },
    authorizations: authorizations.map(({ id, host, token, expiresAtMs, withdrawal, progress }) => {
      return { id, host, token, expiresAtMs, withdrawal, progress: toStoredProgress(progress) }
    }),
  }
}

function toStoredProgress(progress: Authorization['progress']): StoredProgress {
  if (progress.kind !== 'invalid') return progress
  return { kind: 'invalid', type: progress.problem.type, detail: progress.problem.message }
}

function toStoredCertificate(record: CertificateRecord): StoredCertificate {
  const { id, account, orderId, pem, revocation, isReplaced } = record
  return { id, accountId: account.id, orderId, pem, revocation, isReplaced }
}

function fromStoredCertificate(stored: StoredCertificate, state: State): CertificateRecord {
  const { id, accountId, orderId, pem, revocation, isReplaced } = stored
  const leaf = new X509Certificate(pem)
  const account = accountOf(state, accountId)
  return { id, orderId, pem, revocation, isReplaced, account, leaf, endsAtMs: leaf.validToDate.getTime() }
}

function fromStoredOrder(stored: StoredOrder, state: State, issued: ReadonlyMap<string, CertificateRecord>): Order {
  const { id, accountId, expiresAtMs, profile, replacesId } = stored
  const account = accountOf(state, accountId)
  const certificate = issued.get(id)
  const authorizations = stored.authorizations.map((each) => {
    return { ...each, account, orderId: id, progress: fromStoredProgress(each.progress, each.host) }
  })
  const replaces = replacesId === undefined ? undefined : state.certificates.get(replacesId)
  const progress: Order['progress'] = certificate ? { kind: 'issued', certificate } : { kind: 'open' }
  return { id, account, expiresAtMs, profile, replaces, authorizations, progress }
}

function fromStoredProgress(stored: StoredProgress, host: string): Authorization['progress'] {
  switch (stored.kind) {
    case 'pending':
    case 'processing':
      return { kind: stored.kind }
    case 'valid':
      return stored
    case 'invalid':
      return {
        kind: 'invalid',
        problem: new Problem(typeOf(stored.type), stored.detail, { identifier: identifierOf(host) }),
      }
    default:
      return stored satisfies never
  }
}

function typeOf(type: string): ProblemType {
  return Object.hasOwn(problemTypes, type) ? (type as ProblemType) : 'serverInternal' // a key of the table, as just seen
}

function accountOf(state: State, id: string): Account {
  const account = state.accounts.get(id)
  if (account) return account
  throw new Error(`account ${id} is missing`)
}

function parse<T>(key: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    const message = `what the local CA keeps in ${key} of its folder cannot be used: restore the folder, or remove this file`
    throw new EdgeError('ACME_EDGE_LOCALCA_CORRUPT', message, { cause })
  }
}
