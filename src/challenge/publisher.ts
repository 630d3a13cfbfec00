import type { HostName } from '../http.ts'

/** One HTTP-01 challenge of an order that is pending (RFC 8555 §8.3). */
export interface ActiveChallenge {
  readonly host: HostName
  readonly token: string
  readonly keyAuthorization: string
  /** The order's `expires`, milliseconds since the epoch: the challenge dies with it even if nobody withdraws it. */
  readonly expiresAtMs: number
}

/**
 * Where an order hands its challenges over. Each call resolves only when every process that serves traffic has
 * acknowledged, so the CA may be told at once. Implemented by the in-process table, by the control socket of a running
 * edge, and by the standalone listener of `acme-edge issue`.
 */
export interface ChallengePublisher {
  publish(challenge: ActiveChallenge, signal: AbortSignal): Promise<void>
  withdraw(challenge: Pick<ActiveChallenge, 'host' | 'token'>, signal: AbortSignal): Promise<void>
  /** A new certificate lies in the store under this name: serve it. */
  installed(name: string, signal: AbortSignal): Promise<void>
}
