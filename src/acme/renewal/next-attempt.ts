import { emergencyAtMs } from './lifetime.ts'
import type { RenewalSubject } from './renew-at.ts'
import { fractionOf, seedOf } from './spread.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** After the first, second and third failure; after every further one a day. */
const delaysMs: readonly number[] = [minuteMs, 10 * minuteMs, 100 * minuteMs]
/** Each delay is drawn from 85 to 115 % of the one in the list: what failed together is not repeated together. */
const jitter = 0.3
/**
 * The closest that attempts come after the third failure: four an hour, below the five failed validations that Let's Encrypt
 * allows a host and an hour, even where each of them fails.
 */
const minEmergencyDelayMs = 15 * minuteMs
const maxEmergencyDelayMs = 6 * hourMs
/** While in danger, as many attempts as fit into what is left, within the two bounds above. */
const attemptsLeft = 24
/** Nobody is served by a certificate that expired: somebody is looking, so that mending the cause shows within the hour. */
const expiredDelayMs = hourMs
/** The longest that a CA's limit takes to refill is a week; a Retry-After beyond is a fault and would end a certificate. */
const maxRetryAfterMs = 7 * dayMs

export interface FailedAttempt {
  /** In a row, this one included; at least 1. */
  readonly failures: number
  readonly nowMs: number
  /** The CA's Retry-After, or the time at which the budget allows an order; nothing is sent before, at most a week. */
  readonly retryAtMs?: number | undefined
}

/**
 * When to try again after failures in a row: 1, 10, 100 minutes, then daily, each a little more or less by a fixed draw. No
 * attempt is put off across the beginning of the emergency (see emergencyAtMs); in it they come ever closer, 15 minutes apart at
 * the closest. A name that has no certificate yet (`subject` without life) is tried daily.
 */
export function nextAttemptMs(subject: RenewalSubject | { readonly id: string }, attempt: FailedAttempt): number {
  const { failures, nowMs, retryAtMs = 0 } = attempt
  const delayMs = backOffMs(seedOf(subject.id), failures, nowMs)
  const ownMs = 'notAfterMs' in subject ? hastenMs(delayMs, nowMs, subject.notBeforeMs, subject.notAfterMs) : delayMs
  return Math.floor(Math.max(nowMs + ownMs, Math.min(retryAtMs, nowMs + maxRetryAfterMs)))
}

/** The delay after failures in a row, without regard to what is left of the certificate. */
export function backOffMs(seed: number, failures: number, nowMs: number): number {
  const baseMs = delaysMs[failures - 1] ?? dayMs
  return baseMs * (1 - jitter / 2 + jitter * fractionOf(seed, nowMs + failures))
}

/** The delay, shortened where it would cost the certificate. */
export function hastenMs(delayMs: number, nowMs: number, notBeforeMs: number, notAfterMs: number): number {
  const leftMs = notAfterMs - nowMs
  if (leftMs <= 0) return Math.min(delayMs, expiredDelayMs)
  const closest = Math.min(Math.max(leftMs / attemptsLeft, minEmergencyDelayMs), maxEmergencyDelayMs)
  const untilEmergencyMs = emergencyAtMs(notBeforeMs, notAfterMs) - nowMs
  return Math.min(delayMs, Math.max(untilEmergencyMs, closest))
}
