import { randomBytes } from 'node:crypto'
import { identifierOf } from '../identifier.ts'
import { findByRenewalId, renewalIdOf } from './certificate-id.ts'
import { namesOf } from './leaf-names.ts'
import { parseIdentifiers } from './local-name.ts'
import { makeRoomForOrder } from './make-room.ts'
import { parseJsonObject } from './payload.ts'
import { Problem, problemDocument } from './problem.ts'
import { parseProfile } from './profiles.ts'
import { type Ca, findOwned, type Reply, type Resource, requireAccount, requirePostAsGet } from './resource.ts'
import {
  type Account,
  type Authorization,
  addOrder,
  type CertificateRecord,
  newId,
  type Order,
  orderLifeMs,
  removeOrder,
} from './state.ts'
import { orderStatus } from './status.ts'

/** newOrder (RFC 8555 §7.4); each order has authorizations of its own. */
export const newOrder: Resource = async (request, _id, ca) => {
  const account = requireAccount(request)
  const payload = parseJsonObject(request.payload, 'the payload')
  if (payload.notBefore !== undefined || payload.notAfter !== undefined) {
    throw new Problem('malformed', 'this CA chooses the validity itself: leave out notBefore and notAfter')
  }
  const hosts = parseIdentifiers(payload.identifiers, ca.authority.constraints)
  const profile = parseProfile(payload.profile, ca.profiles)
  const replaces = findReplaced(payload.replaces, { account, hosts }, ca)
  const nowMs = ca.clock()
  ca.rateLimits.spend('ordersPerMinute', account.id, nowMs)
  const forgotten = makeRoomForOrder(ca.state, account, nowMs)
  const id = newId()
  const expiresAtMs = nowMs + orderLifeMs
  const authorizations = hosts.map((host) => createAuthorization(host, { account, orderId: id, expiresAtMs }))
  const order: Order = { id, account, expiresAtMs, profile, replaces, authorizations, progress: { kind: 'open' } }
  addOrder(ca.state, order)
  try {
    await ca.keeper.order(order)
    await ca.keeper.forget({ orders: forgotten })
  } catch (error) {
    removeOrder(ca.state, order)
    throw error
  }
  return orderReply(order, 201, ca)
}

export const orderResource: Resource = (request, id, ca) => {
  const order = findOwned(ca.state.orders, id, request)
  requirePostAsGet(request)
  return orderReply(order, 200, ca)
}

export function orderReply(order: Order, status: number, ca: Ca): Reply {
  const { progress, authorizations, profile, replaces } = order
  const failed = authorizations.map((entry) => entry.progress).find((entry) => entry.kind === 'invalid')
  const state = orderStatus(order, ca.clock())
  return {
    status,
    headers: { location: ca.urls.order(order.id), ...(isWaiting(order) && { 'retry-after': '1' }) },
    body: {
      status: state,
      expires: new Date(order.expiresAtMs).toISOString(),
      identifiers: authorizations.map((entry) => identifierOf(entry.host)),
      authorizations: authorizations.map((entry) => ca.urls.authorization(entry.id)),
      finalize: ca.urls.finalize(order.id),
      profile,
      ...(replaces && { replaces: renewalIdOf(replaces) }),
      ...(progress.kind === 'issued' && { certificate: ca.urls.certificate(progress.certificate.id) }),
      ...(failed && { error: problemDocument(failed.problem) }),
    },
  }
}

/**
 * The certificate that an order says it replaces (RFC 9773 §5): of the same account, with a name in common, and with no other
 * order that replaces it. Throws 409 `alreadyReplaced`, upon which the client orders without saying so.
 */
function findReplaced(
  value: unknown,
  order: { readonly account: Account; readonly hosts: readonly string[] },
  ca: Ca,
): CertificateRecord | undefined {
  if (value === undefined) return undefined
  const record = typeof value === 'string' ? findByRenewalId(ca.state, value) : undefined
  if (!record) throw new Problem('malformed', 'replaces names no certificate of this CA', { status: 404 })
  if (record.account !== order.account)
    throw new Problem('unauthorized', 'replaces names a certificate of another account')
  const names = namesOf(record.leaf)
  if (!order.hosts.some((host) => names.includes(host))) {
    throw new Problem('malformed', 'replaces names a certificate that has no name of this order')
  }
  const rivals = [...ca.state.orders.values()].filter((other) => other.replaces === record)
  if (record.isReplaced || rivals.some((other) => orderStatus(other, ca.clock()) !== 'invalid')) {
    throw new Problem('alreadyReplaced', 'another order replaces this certificate')
  }
  return record
}

/** Retry-After goes only with work that is under way: a client should not wait for what it has to begin itself. */
function isWaiting(order: Order): boolean {
  return (
    order.progress.kind === 'processing' || order.authorizations.some((entry) => entry.progress.kind === 'processing')
  )
}

function createAuthorization(
  host: string,
  { account, orderId, expiresAtMs }: Pick<Authorization, 'account' | 'orderId' | 'expiresAtMs'>,
): Authorization {
  return {
    id: newId(),
    account,
    orderId,
    host,
    token: randomBytes(32).toString('base64url'), // RFC 8555 §8.3: at least 128 bits, base64url without padding
    expiresAtMs,
    progress: { kind: 'pending' },
    withdrawal: 'none',
  }
}
