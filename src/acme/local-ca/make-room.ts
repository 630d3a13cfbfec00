import { Problem } from './problem.ts'
import {
  type Account,
  type CertificateRecord,
  type Order,
  orderLifeMs,
  removeCertificate,
  removeOrder,
  type State,
} from './state.ts'
import { orderStatus } from './status.ts'

/**
 * Takes out expired orders and, when the table is full, the oldest that waits for its client, of the account that has most:
 * who floods the CA loses its own orders, not those of others. Gives back what it took; throws `rateLimited` to the flooder.
 */
export function makeRoomForOrder(state: State, account: Account, nowMs: number): Order[] {
  const removed = [...state.orders.values()].filter((order) => order.expiresAtMs <= nowMs)
  for (const order of removed) removeOrder(state, order)
  if (state.orders.size < state.limits.orders) return removed
  const greedy = greediest(state.orders.values())
  const victim = [...state.orders.values()].find((order) => order.account === greedy && isWaiting(order, nowMs))
  if (greedy === account || !victim) throw full('orders', state, orderLifeMs / 1000)
  removeOrder(state, victim)
  return [...removed, victim]
}

/** When the table is full, the oldest account goes that has neither an order nor a certificate: its client can make it anew. */
export function makeRoomForAccount(state: State): Account[] {
  if (state.accounts.size < state.limits.accounts) return []
  const busy = new Set([...state.orders.values(), ...state.certificates.values()].map(({ account }) => account))
  const idle = [...state.accounts.values()].find((account) => !busy.has(account))
  if (!idle) throw full('accounts', state, 3600)
  state.accounts.delete(idle.id)
  return [idle]
}

/**
 * Takes out certificates that have ended and, when the table is full, the oldest of the account that has most. A revoked one
 * stays until its end: it has to be on the list.
 */
export function makeRoomForCertificate(state: State, nowMs: number): CertificateRecord[] {
  const removed = [...state.certificates.values()].filter(({ endsAtMs }) => endsAtMs <= nowMs)
  for (const record of removed) removeCertificate(state, record)
  if (state.certificates.size < state.limits.certificates) return removed
  const kept = [...state.certificates.values()].filter(({ revocation }) => revocation.kind === 'none')
  const greedy = greediest(kept)
  const victim = kept.find(({ account }) => account === greedy)
  if (!victim) throw full('certificates', state, 86_400)
  removeCertificate(state, victim)
  return [...removed, victim]
}

/** Who has most of something. */
function greediest(entries: Iterable<{ readonly account: Account }>): Account | undefined {
  const counts = new Map<Account, number>()
  for (const { account } of entries) counts.set(account, (counts.get(account) ?? 0) + 1)
  return [...counts].reduce<[Account | undefined, number]>(
    (most, each) => (each[1] > most[1] ? each : most),
    [undefined, 0],
  )[0]
}

/** Nothing of it is under way, and nothing has come of it. */
function isWaiting(order: Order, nowMs: number): boolean {
  const isProcessing = order.authorizations.some(({ progress }) => progress.kind === 'processing')
  return !isProcessing && ['pending', 'ready', 'invalid'].includes(orderStatus(order, nowMs))
}

function full(what: keyof State['limits'], state: State, retryAfterS: number): Problem {
  const headers = { 'retry-after': String(Math.ceil(retryAfterS)) }
  return new Problem('rateLimited', `this CA has no room for more than ${state.limits[what]} ${what}`, { headers })
}
