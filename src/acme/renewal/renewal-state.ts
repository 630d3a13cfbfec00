import { EdgeError } from '../../errors.ts'
import { isObject } from '../json.ts'
import { emergencyAtMs, latestRenewalMs } from './lifetime.ts'
import { nextAttemptMs } from './next-attempt.ts'
import { type RenewalSubject, renewAtMs } from './renew-at.ts'
import { type RenewalInfo, retryInfoAtMs } from './renewal-info.ts'

/** What is remembered of the renewal of one certificate; JSON as it stands. Times in milliseconds since 1970. */
export interface RenewalState {
  /** The certificate that `info` is about, from certificateId(); `undefined` where there is none yet. */
  readonly certificateId?: string | undefined
  /** Attempts that failed in a row. */
  readonly failures: number
  readonly lastError?: LastError | undefined
  readonly lastAttemptMs?: number | undefined
  /** Not before this time; `undefined`: when it is due. */
  readonly nextAttemptMs?: number | undefined
  /** The CA's last word on when to renew. */
  readonly info?: RenewalInfo | undefined
  /** The CA moved the window to the past: it wants the certificate replaced before it has to, it may be revoked. */
  readonly isHastened?: boolean | undefined
  /** When to ask the CA about it again, after an answer or a failure; `undefined`: at once. */
  readonly askInfoAtMs?: number | undefined
}

export interface LastError {
  readonly code: string
  readonly message: string
  readonly atMs: number
}

export const freshRenewalState: RenewalState = Object.freeze({ failures: 0 })

/** When this certificate is to be renewed: as the CA or its life says, later while failures are waited out. */
export function dueAtMs(certificate: RenewalSubject, state: RenewalState): number {
  const info = state.certificateId === certificate.id ? state.info : undefined
  return Math.max(renewAtMs(certificate, info), state.nextAttemptMs ?? 0)
}

/** Whether a renewal that is due goes before others, however many wait: see isHastened, or too little life is left. */
export function isUrgent(certificate: RenewalSubject, state: RenewalState, nowMs: number): boolean {
  const isHastened = state.certificateId === certificate.id && state.isHastened === true
  return isHastened || nowMs >= emergencyAtMs(certificate.notBeforeMs, certificate.notAfterMs)
}

/** After the CA told when to renew. */
export function afterInfo(
  state: RenewalState,
  certificate: RenewalSubject,
  { info, nowMs }: { readonly info: RenewalInfo; readonly nowMs: number },
): RenewalState {
  const isSame = state.certificateId === certificate.id
  const knownEndMs = isSame ? state.info?.end : undefined
  const latestMs = knownEndMs ?? latestRenewalMs(certificate.notBeforeMs, certificate.notAfterMs)
  const isHastened = (isSame && state.isHastened === true) || isMovedToPast(info.end, latestMs, nowMs)
  return {
    ...state,
    certificateId: certificate.id,
    info,
    isHastened: isHastened ? true : undefined,
    askInfoAtMs: info.retryAtMs,
  }
}

/** A window that is over, and earlier than the one before, or than a certificate's life would have it. */
export function isMovedToPast(endMs: number, expectedEndMs: number, nowMs: number): boolean {
  return endMs <= nowMs && endMs < expectedEndMs
}

/** After the CA could not be asked: what it said last holds on, as long as it is about the same certificate. */
export function afterInfoFailure(
  state: RenewalState,
  id: string,
  failure: { error: unknown; nowMs: number },
): RenewalState {
  const kept = state.certificateId === id ? state : { ...state, info: undefined, isHastened: undefined }
  return { ...kept, certificateId: id, askInfoAtMs: retryInfoAtMs(failure.error, failure.nowMs) }
}

/** After an attempt that failed; its error's `retryAt`, where it has one, is waited for. */
export function afterFailure(
  state: RenewalState,
  subject: RenewalSubject | { readonly id: string },
  { error, nowMs }: { readonly error: unknown; readonly nowMs: number },
): RenewalState {
  const failures = state.failures + 1
  const retryAt = error instanceof EdgeError ? Date.parse(String(error.details.retryAt)) : Number.NaN
  const retryAtMs = Number.isNaN(retryAt) ? undefined : retryAt
  return {
    ...state,
    failures,
    lastError: describe(error, nowMs),
    lastAttemptMs: nowMs,
    nextAttemptMs: nextAttemptMs(subject, { failures, nowMs, retryAtMs }),
  }
}

/** After the budget put an attempt off: nothing failed, and nothing was sent. */
export function afterDelay(state: RenewalState, untilMs: number): RenewalState {
  return { ...state, nextAttemptMs: untilMs }
}

/** After a certificate came: nothing is known of it yet, and the CA is asked about it at once. */
export function afterSuccess(nowMs: number): RenewalState {
  return { failures: 0, lastAttemptMs: nowMs }
}

/** A state as the store held it; what is no state (an older version's, a hand's) is as if there were none. */
export function parseRenewalState(bytes: Uint8Array | undefined): RenewalState {
  const data = bytes === undefined ? undefined : parseJson(bytes)
  if (!isObject(data) || !isCount(data.failures)) return freshRenewalState
  const { certificateId, info, lastError } = data
  return {
    failures: data.failures,
    ...(typeof certificateId === 'string' ? { certificateId } : {}),
    ...(isLastError(lastError) ? { lastError } : {}),
    ...(isInfo(info) ? { info } : {}),
    ...(data.isHastened === true ? { isHastened: true } : {}),
    ...times(data, ['lastAttemptMs', 'nextAttemptMs', 'askInfoAtMs']),
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch {
    return undefined
  }
}

const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0

function isInfo(value: unknown): value is RenewalInfo {
  return isObject(value) && [value.start, value.end, value.retryAtMs].every(Number.isFinite)
}

function isLastError(value: unknown): value is LastError {
  return (
    isObject(value) &&
    typeof value.code === 'string' &&
    typeof value.message === 'string' &&
    Number.isFinite(value.atMs)
  )
}

function times(data: Readonly<Record<string, unknown>>, members: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    members.flatMap((name) => (Number.isFinite(data[name]) ? [[name, Number(data[name])]] : [])),
  )
}

function describe(error: unknown, atMs: number): LastError {
  if (error instanceof EdgeError) return { code: error.code, message: error.message, atMs }
  return { code: 'ACME_EDGE_INTERNAL', message: error instanceof Error ? error.message : String(error), atMs }
}
