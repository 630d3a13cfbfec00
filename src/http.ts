import type { Duplex } from 'node:stream'

/** Protocol-neutral HTTP messages: HTTP/1.0, 1.1 and HTTP/2 all become these before anything looks at them. */

/** Name, value, name, value … as received: case, order, duplicates and underscores survive. One-byte (latin1) strings. */
export type RawHeaders = readonly string[]

declare const brand: unique symbol
/** A canonical host: lower case, no port, no trailing dot, A-labels, IP literals normalised (IPv6 without brackets). */
export type HostName = string & { readonly [brand]: 'HostName' }

export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** How the request's body is delimited (RFC 9112 §6). `chunked` stands for "unknown length" in HTTP/2, too. */
export type BodyFraming = { kind: 'none' } | { kind: 'length'; bytes: number } | { kind: 'chunked' }

/** The form of the request target (RFC 9112 §3.2). Authority form (CONNECT) is refused before a request exists. */
export type TargetForm = 'origin' | 'absolute' | 'asterisk'

export interface EdgeRequest {
  readonly id: string
  readonly receivedAtMs: number
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2.0'
  /** Whether the client speaks TLS: to the edge, or to a trusted proxy that says so. */
  readonly secure: boolean
  readonly method: string
  /** The target's bytes, undecoded; an absolute-form target is already reduced to origin form. */
  readonly target: string
  /** The target as the request line has it: with scheme and authority in absolute form. */
  readonly receivedTarget: string
  /** The request line of what is refused, as it came. */
  readonly requestLine?: string
  readonly targetForm: TargetForm
  readonly host: HostName
  /** Value of Host / :authority as received (what the origin will see). */
  readonly authority: string
  readonly headers: RawHeaders
  /** Whoever sends the request: the peer, or what trusted proxies say of it. */
  readonly client: Endpoint
  /** The other end of the connection. */
  readonly peer: Endpoint
  /** Addresses that trusted proxies have put before the peer (X-Forwarded-For), oldest first; empty otherwise. */
  readonly forwardedFor: readonly string[]
  /** The host that the client asked a trusted proxy for, where it says so. */
  readonly forwardedHost: string | undefined
  readonly server: Endpoint
  readonly framing: BodyFraming
  /** A WebSocket handshake (RFC 6455 §4.1); every other Upgrade is dropped. */
  readonly upgrade: 'websocket' | undefined
}

/** First value of a header, its name compared without case; `undefined` when absent. */
export function findHeader(headers: RawHeaders, lowerName: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string // even index of a pair list
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) return headers[i + 1]
  }
  return undefined
}

/**
 * What the WAF decided. `pass` is the only kind that can be turned into a Clearance, and a Clearance is the only thing
 * that the origin accepts.
 */
export type Verdict =
  | { readonly kind: 'pass' }
  | { readonly kind: 'block'; readonly status: number; readonly ruleId: number }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string; readonly ruleId: number }
  | { readonly kind: 'drop'; readonly ruleId: number }
  /** The WAF itself failed or ran out of its budget: fails closed with 503. */
  | { readonly kind: 'failed'; readonly reason: string; readonly ruleId: number | undefined }

export const PASS: Verdict = Object.freeze({ kind: 'pass' })

export type MaybePromise<T> = T | Promise<T>

/** Takes a response's body, in order; exactly one of `end` and `fail` comes last. */
export interface BodySink {
  /** `false` asks the stream to wait until `resume`. */
  write(chunk: Buffer): boolean
  end(last: Buffer | undefined): void
  fail(error: Error): void
}

/** A response body that is still arriving. */
export interface BodyStream {
  pipe(sink: BodySink): void
  resume(): void
  abort(error: Error): void
}

export type ResponseBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'stream'; readonly stream: BodyStream }
  /** 101: from here on both sides speak another protocol over this connection to the origin. */
  | { readonly kind: 'tunnel'; readonly origin: Duplex }

export interface EdgeResponse {
  readonly status: number
  readonly headers: RawHeaders
  readonly body: ResponseBody
}
