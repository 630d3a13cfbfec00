import { emergencyAtMs, type Lifetime, latestRenewalMs } from './lifetime.ts'
import type { RenewalWindow } from './renewal-info.ts'
import { fractionOf, seedOf } from './spread.ts'

/** A certificate whose renewal is planned; `id` from certificateId(), or any text that it alone has. */
export interface RenewalSubject extends Lifetime {
  readonly id: string
}

/** What part of a life renewals are spread over where the CA gives no window: certificates issued together part here. */
const spreadOfLife = 0.04

/**
 * When to renew: a point of the CA's window (RFC 9773 §4.2) that is fixed by certificate and window, else shortly before a
 * third of the life is left (half of it for lives under ten days). In the past: now. A window that would leave too little
 * time for a second try ends, for us, where the emergency begins.
 */
export function renewAtMs(certificate: RenewalSubject, window: RenewalWindow | undefined): number {
  const seed = seedOf(certificate.id)
  const { notBeforeMs, notAfterMs } = certificate
  if (window === undefined) return pointOfLifeMs(seed, notBeforeMs, notAfterMs)
  const pointMs = pointOfWindowMs(seed, window.start, window.end)
  return Math.min(pointMs, emergencyAtMs(notBeforeMs, notAfterMs))
}

/** RFC 9773 §4.2: "a uniform random time within the suggested window"; `seed` is the certificate's. */
export function pointOfWindowMs(seed: number, startMs: number, endMs: number): number {
  return Math.floor(startMs + (endMs - startMs) * fractionOf(fractionSeed(seed, endMs), startMs))
}

/** Where the CA gives no window. */
export function pointOfLifeMs(seed: number, notBeforeMs: number, notAfterMs: number): number {
  const spreadMs = (notAfterMs - notBeforeMs) * spreadOfLife
  return Math.floor(latestRenewalMs(notBeforeMs, notAfterMs) - spreadMs * fractionOf(seed, notAfterMs))
}

/** A window that the CA moves draws a new point, also where only its end moves. */
function fractionSeed(seed: number, endMs: number): number {
  return Math.floor(fractionOf(seed, endMs) * 0x1_0000_0000)
}
