import type { EdgeRequest, EdgeResponse, MaybePromise } from '../http.ts'
import type { RequestBody } from './request-body.ts'

/** What the access record says beyond the request and the response; the pipeline fills it in as it goes. */
export interface ExchangeNotes {
  verdict: 'pass' | 'block' | 'redirect' | 'drop' | 'failed' | 'detected' | 'challenge' | 'refused' | 'off'
  ruleIds: readonly number[]
  origin: string | undefined
  originMs: number | undefined
  /** Time spent in the WAF; `undefined` when it is off. */
  wafMs: number | undefined
  errorCode: string | undefined
  error: string | undefined
}

/** One request and its response, whatever the protocol underneath. */
export interface Exchange {
  readonly request: EdgeRequest
  readonly notes: ExchangeNotes
  /** `undefined` when the request has no body. */
  readonly body: RequestBody | undefined
  /** Runs once when the client goes away before the response is complete; at once when it has gone already. */
  whenClientGone(listener: () => void): void
  /** Tells a client that waits for it to send the body (RFC 9110 §10.1.1). */
  continueBody(): void
  /** Sends the response; `beforeEnd` runs once the last byte of its body is known and before the client sees the end. */
  send(response: EdgeResponse, beforeEnd: () => MaybePromise<void>): Promise<void>
  /** Before the head: an error page of the mapped status. After it: the connection or stream breaks, never a clean end. */
  fail(error: unknown, beforeEnd: () => MaybePromise<void>): Promise<void>
  /** Ends the connection or stream without a response. */
  drop(): void
  /** Writes the access record; a second call does nothing. */
  record(): void
}
