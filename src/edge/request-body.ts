import { Readable } from 'node:stream'
import { EdgeError } from '../errors.ts'

export interface BodyPace {
  /** No byte for this long ends the request with 408 (slow-body attacks). */
  readonly idleTimeoutMs: number
  /** Average that has to be kept once `idleTimeoutMs` has passed; 0 for none. */
  readonly minBytesPerSecond: number
}

/** The stream of a request's body as the protocol delivers it; only the edge's adapters know its real type. */
export interface BodySource {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown
  on(event: 'end' | 'close' | 'aborted', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  pause(): unknown
  resume(): unknown
  /** Whether the client has broken off; HTTP/2 streams that were reset `end` nevertheless. */
  readonly aborted?: boolean
}

/**
 * A request body that can fail on its own: destroying Node's message would close the socket before a response could be
 * sent. Nothing is read until somebody reads; the clock of the pace runs only while the edge itself waits for bytes, so
 * that a slow origin is not held against the client.
 */
export class RequestBody extends Readable {
  receivedBytes = 0
  /** What came together with a fault in the framing: it is no part of the body. */
  lastBytes: Buffer | undefined
  readonly #source: BodySource
  readonly #pace: BodyPace
  #timer: NodeJS.Timeout | undefined
  #waitingSinceMs: number | undefined
  #waitedMs = 0
  #ended = false

  constructor(source: BodySource, pace: BodyPace) {
    super({ highWaterMark: 65_536 })
    this.#source = source
    this.#pace = pace
    // Whoever reads learns of a failure; a body that is refused before anybody reads it must not end the process.
    this.on('error', () => undefined)
  }

  /** Whether every byte of the body has come, read by somebody or not. */
  get isComplete(): boolean {
    return this.#ended
  }

  /** Reads on without keeping anything until the body ends or fails; after `maxBytes` the client has to wait. */
  discard(maxBytes: number, done: () => void): void {
    const until = this.receivedBytes + maxBytes
    if (this.destroyed) return done()
    this.on('data', () => {
      if (this.receivedBytes > until) this.pause()
    })
    this.on('end', done)
    this.on('error', done)
    this.resume() // whoever read before may have paused it
  }

  override _read(): void {
    if (this.#timer === undefined) this.#start()
    this.#waitingSinceMs ??= performance.now()
    this.#timer?.refresh()
    this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#timer)
    callback(error)
  }

  #start(): void {
    this.#timer = setTimeout(() => {
      if (this.#waitingSinceMs !== undefined) this.#fail('ACME_EDGE_REQUEST_TIMEOUT', 'no body byte came for too long')
    }, this.#pace.idleTimeoutMs)
    this.#source.on('data', (chunk) => this.#take(chunk))
    this.#source.on('end', () => this.#finish())
    const lose = () => this.#fail('ACME_EDGE_CLIENT_GONE', 'the client went away while sending its body')
    for (const event of ['aborted', 'close'] as const) this.#source.on(event, lose)
    this.#source.on('error', lose)
    if (this.#source.aborted) lose()
  }

  #take(chunk: Buffer): void {
    if (this.destroyed) return
    this.receivedBytes += chunk.length
    this.#timer?.refresh()
    if (this.#isTooSlow()) return this.#fail('ACME_EDGE_REQUEST_TIMEOUT', 'the body comes too slowly')
    if (this.push(chunk)) return
    this.#waitedMs += performance.now() - (this.#waitingSinceMs ?? performance.now())
    this.#waitingSinceMs = undefined
    this.#source.pause()
  }

  #isTooSlow(): boolean {
    const now = performance.now()
    const waitedMs = this.#waitedMs + now - (this.#waitingSinceMs ?? now)
    return waitedMs > this.#pace.idleTimeoutMs && (this.receivedBytes * 1000) / waitedMs < this.#pace.minBytesPerSecond
  }

  /** A body that was broken off is not a short one: the origin must not take it for complete. */
  #finish(): void {
    if (this.#source.aborted) return this.#fail('ACME_EDGE_CLIENT_GONE', 'the client broke off its body')
    this.#ended = true
    clearTimeout(this.#timer)
    this.push(null)
  }

  #fail(code: 'ACME_EDGE_REQUEST_TIMEOUT' | 'ACME_EDGE_CLIENT_GONE', message: string): void {
    if (!this.destroyed && !this.#ended) this.destroy(new EdgeError(code, message))
  }
}
