import type { Authorization, Order } from './state.ts'

export type AuthorizationStatus = 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired'
export type OrderStatus = 'pending' | 'ready' | 'processing' | 'valid' | 'invalid'

/** RFC 8555 §7.1.6; derived at each look, so that expiry needs no timer. */
export function authorizationStatus(authorization: Authorization, nowMs: number): AuthorizationStatus {
  if (authorization.withdrawal === 'deactivated') return 'deactivated'
  const isExpired = authorization.expiresAtMs <= nowMs
  switch (authorization.progress.kind) {
    case 'pending':
    case 'processing':
      return isExpired ? 'invalid' : 'pending'
    case 'valid':
      return isExpired ? 'expired' : 'valid'
    case 'invalid':
      return 'invalid'
    default:
      return authorization.progress satisfies never
  }
}

/** RFC 8555 §7.1.6: ready only when every authorization is valid, invalid as soon as one no longer can be. */
export function orderStatus(order: Order, nowMs: number): OrderStatus {
  if (order.progress.kind === 'issued') return 'valid'
  if (order.progress.kind === 'processing') return 'processing'
  const statuses = order.authorizations.map((authorization) => authorizationStatus(authorization, nowMs))
  if (order.expiresAtMs <= nowMs) return 'invalid'
  if (statuses.every((status) => status === 'valid')) return 'ready'
  return statuses.every((status) => status === 'valid' || status === 'pending') ? 'pending' : 'invalid'
}
