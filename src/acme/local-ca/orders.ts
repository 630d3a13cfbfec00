import { randomBytes } from 'node:crypto'
import { parseIdentifiers } from './local-name.ts'
import { parseJsonObject } from './payload.ts'
import { Problem, problemDocument } from './problem.ts'
import { type Ca, findOwned, type Reply, type Resource, requireAccount, requirePostAsGet } from './resource.ts'
import { type Account, type Authorization, makeRoomForOrder, newId, type Order, stateLimits } from './state.ts'
import { orderStatus } from './status.ts'

/** newOrder (RFC 8555 §7.4); each order has authorizations of its own. */
export const newOrder: Resource = (request, _id, ca) => {
  const account = requireAccount(request)
  const payload = parseJsonObject(request.payload, 'the payload')
  if (payload.notBefore !== undefined || payload.notAfter !== undefined) {
    throw new Problem('malformed', 'this CA chooses the validity itself: leave out notBefore and notAfter')
  }
  const hosts = parseIdentifiers(payload.identifiers)
  const nowMs = ca.clock()
  makeRoomForOrder(ca.state, nowMs)
  const expiresAtMs = nowMs + stateLimits.orderLifeMs
  const authorizations = hosts.map((host) => createAuthorization(host, account, expiresAtMs))
  for (const authorization of authorizations) ca.state.authorizations.set(authorization.id, authorization)
  const order: Order = { id: newId(), account, expiresAtMs, authorizations, progress: { kind: 'open' } }
  ca.state.orders.set(order.id, order)
  return orderReply(order, 201, ca)
}

export const orderResource: Resource = (request, id, ca) => {
  const order = findOwned(ca.state.orders, id, request)
  requirePostAsGet(request)
  return orderReply(order, 200, ca)
}

export function orderReply(order: Order, status: number, ca: Ca): Reply {
  const { progress, authorizations } = order
  const failed = authorizations.map((entry) => entry.progress).find((entry) => entry.kind === 'invalid')
  const state = orderStatus(order, ca.clock())
  return {
    status,
    headers: { location: ca.urls.order(order.id), ...(isWaiting(order) && { 'retry-after': '1' }) },
    body: {
      status: state,
      expires: new Date(order.expiresAtMs).toISOString(),
      identifiers: authorizations.map((entry) => ({ type: 'dns', value: entry.host })),
      authorizations: authorizations.map((entry) => ca.urls.authorization(entry.id)),
      finalize: ca.urls.finalize(order.id),
      ...(progress.kind === 'issued' && { certificate: ca.urls.certificate(progress.certificate.id) }),
      ...(failed && { error: problemDocument(failed.problem) }),
    },
  }
}

/** Retry-After goes only with work that is under way: a client should not wait for what it has to begin itself. */
function isWaiting(order: Order): boolean {
  return (
    order.progress.kind === 'processing' || order.authorizations.some((entry) => entry.progress.kind === 'processing')
  )
}

function createAuthorization(host: string, account: Account, expiresAtMs: number): Authorization {
  return {
    id: newId(),
    account,
    host,
    token: randomBytes(32).toString('base64url'), // RFC 8555 §8.3: at least 128 bits, base64url without padding
    expiresAtMs,
    progress: { kind: 'pending' },
    withdrawal: 'none',
  }
}
