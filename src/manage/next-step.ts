import { renewAtMs } from '../acme/renewal/renew-at.ts'
import type { RenewalState } from '../acme/renewal/renewal-state.ts'

/** What a decision needs to know of the certificate that is there. */
export interface PresentCertificate {
  /** From certificateId(), or the serial where the certificate names no authority key. */
  readonly id: string
  /** Lower case. */
  readonly names: readonly string[]
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** Somebody has revoked it, or others know its key. */
  readonly isRevoked: boolean
  /** The CA that it is noted to be from. */
  readonly directory?: string | undefined
}

/** Why a certificate is wanted now. */
export type Reason = 'missing' | 'names' | 'revoked' | 'expired' | 'due' | 'forced'

export type Step =
  | { readonly kind: 'obtain'; readonly reason: Reason }
  /** The CA is asked when to renew. */
  | { readonly kind: 'ask' }
  | { readonly kind: 'wait'; readonly untilMs: number }

export interface Situation {
  readonly wanted: readonly string[]
  /** `undefined`: there is none, or none that can be served. */
  readonly present: PresentCertificate | undefined
  readonly state: RenewalState
  /** Whether its CA can be asked when to renew. */
  readonly hasInfo: boolean
  readonly nowMs: number
}

/** What is to be done for one certificate, from what is known alone. */
export function nextStep(situation: Situation): Step {
  const { present, state, nowMs, hasInfo } = situation
  // RFC 9773 §4.3.1: asked also while it is not due, and before it is renewed by its life alone.
  const askMs = present !== undefined && hasInfo ? askAtMs(present, state) : Number.POSITIVE_INFINITY
  const reason = reasonOf(situation)
  if (reason === 'due' && askMs <= nowMs) return { kind: 'ask' }
  if (reason !== undefined) {
    // What is revoked is replaced at once, however short ago it came; failures are waited out nevertheless.
    const { nextAttemptMs = 0 } = reason === 'revoked' && state.failures === 0 ? {} : state
    if (nextAttemptMs <= nowMs) return { kind: 'obtain', reason }
    return askMs <= nowMs ? { kind: 'ask' } : { kind: 'wait', untilMs: Math.min(nextAttemptMs, askMs) }
  }
  if (askMs <= nowMs) return { kind: 'ask' }
  return { kind: 'wait', untilMs: Math.min(askMs, renewalMs(situation)) }
}

/** When the certificate is to be renewed if nothing fails; now where there is none. */
export function renewalMs({ present, state, nowMs }: Pick<Situation, 'present' | 'state' | 'nowMs'>): number {
  if (present === undefined) return nowMs
  return renewAtMs(present, state.certificateId === present.id ? state.info : undefined)
}

function reasonOf(situation: Situation): Reason | undefined {
  const { wanted, present, nowMs } = situation
  if (present === undefined) return 'missing'
  if (present.isRevoked) return 'revoked'
  if (wanted.some((name) => !present.names.includes(name.toLowerCase()))) return 'names'
  if (present.notAfterMs <= nowMs) return 'expired'
  return renewalMs(situation) <= nowMs ? 'due' : undefined
}

/** What was answered about an earlier certificate says nothing of this one. */
function askAtMs({ id }: PresentCertificate, { certificateId, askInfoAtMs }: RenewalState): number {
  return certificateId === id ? (askInfoAtMs ?? 0) : 0
}
