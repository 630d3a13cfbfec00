import type { ServerResponse } from 'node:http'
import type { Http2ServerResponse } from 'node:http2'
import type { Duplex } from 'node:stream'
import { EdgeError, toEdgeError } from '../errors.ts'
import {
  type BodySink,
  type BodyStream,
  type EdgeRequest,
  type EdgeResponse,
  findHeader,
  type MaybePromise,
} from '../http.ts'
import type { AccessLog } from './access-log.ts'
import { statusPage } from './error-response.ts'
import type { Exchange, ExchangeNotes } from './exchange.ts'
import type { RequestBody } from './request-body.ts'

/** What HTTP/1 and HTTP/2 do differently; everything else about Node's two response classes is alike. */
export interface ProtocolDifferences {
  /** The fields as this protocol writes them. `close`: the connection cannot carry another request. */
  headers(headers: readonly string[], close: boolean): readonly string[]
  /** Sends 101 and joins both connections. */
  tunnel(response: EdgeResponse, origin: Duplex): void
  /** Breaks off a response that has begun. */
  destroy(): void
  /** While the client owes us the reading of what was written: it takes nothing for `timeoutMs`, it is gone. 0: no more. */
  limitSending(timeoutMs: number): void
  /** After the response: the rest of the request's body is not wanted. */
  refuseRest(): void
}

export interface NodeExchangeParts {
  readonly request: EdgeRequest
  readonly body: RequestBody | undefined
  readonly response: ServerResponse | Http2ServerResponse
  readonly differences: ProtocolDifferences
  readonly accessLog: AccessLog
  readonly expectsContinue: boolean
  /** A client that takes nothing of its response for this long is cut (slow-read attacks). */
  readonly sendTimeoutMs: number
}

/** How much of a body that nobody wants is read and thrown away, so that the client gets to see the response. */
const LINGER_BYTES = 1_048_576
const LINGER_MS = 1_000
/** Up to here a body is worth a copy to be sent together with the head. */
const SHORT_BODY_BYTES = 16_384

/** An exchange over Node's HTTP/1 or HTTP/2 server. */
export class NodeExchange implements Exchange {
  readonly request: EdgeRequest
  readonly body: RequestBody | undefined
  readonly notes: ExchangeNotes = {
    verdict: 'off',
    ruleIds: [],
    origin: undefined,
    originMs: undefined,
    wafMs: undefined,
    errorCode: undefined,
    error: undefined,
  }
  readonly #response: ServerResponse
  readonly #differences: ProtocolDifferences
  readonly #accessLog: AccessLog
  readonly #startedAt = performance.now()
  readonly #sendTimeoutMs: number
  #expectsContinue: boolean
  #status = 0
  #sentBytes = 0
  #recorded = false
  #stream: BodyStream | undefined
  #sending: PromiseWithResolvers<void> | undefined
  #onClientGone: (() => void) | undefined
  #isClosed = false

  constructor(parts: NodeExchangeParts) {
    this.request = parts.request
    this.body = parts.body
    this.#response = parts.response as ServerResponse // Node's HTTP/2 compatibility class has the same methods
    this.#differences = parts.differences
    this.#accessLog = parts.accessLog
    this.#expectsContinue = parts.expectsContinue
    this.#sendTimeoutMs = parts.sendTimeoutMs
    this.#response.on('close', () => this.#onClose())
    this.#response.on('error', () => undefined) // `close` follows
  }

  whenClientGone(listener: () => void): void {
    if (this.#isGone()) listener()
    else this.#onClientGone = listener
  }

  continueBody(): void {
    if (!this.#expectsContinue) return
    this.#expectsContinue = false
    this.#response.writeContinue()
  }

  send(response: EdgeResponse, beforeEnd: () => MaybePromise<void>): Promise<void> {
    if (this.#isGone()) return this.#abandon(response)
    if (response.body.kind === 'tunnel') return this.#openTunnel(response, response.body.origin, beforeEnd)
    this.#writeHeadOrAbort(response)
    const sending = Promise.withResolvers<void>() // from here on every failure goes through it: nobody awaits another one
    this.#sending = sending
    const lengthBytes = Number(findHeader(response.headers, 'content-length') ?? Number.NaN)
    const sink = this.#sink(sending, beforeEnd, lengthBytes)
    const { body } = response
    if (body.kind === 'stream') {
      this.#stream = body.stream
      body.stream.pipe(sink)
    } else {
      sink.end(body.kind === 'bytes' ? body.bytes : undefined)
    }
    return sending.promise
  }

  async fail(error: unknown, beforeEnd: () => MaybePromise<void>): Promise<void> {
    const { code, message, status } = toEdgeError(error)
    this.notes.errorCode = code
    this.notes.error = message
    if (status === 0 || this.#response.headersSent || this.#isGone()) {
      this.#differences.destroy()
      return
    }
    await this.send(statusPage(status, status === 503 ? ['retry-after', '1'] : []), beforeEnd)
  }

  drop(): void {
    this.#differences.destroy()
  }

  record(): void {
    if (this.#recorded) return
    this.#recorded = true
    this.#accessLog.write({
      request: this.request,
      notes: this.notes,
      status: this.#status,
      requestBytes: this.body?.receivedBytes ?? 0,
      responseBytes: this.#sentBytes,
      durationMs: performance.now() - this.#startedAt,
    })
  }

  /** A client with a Content-Length knows the end by itself: the chunk that completes it waits for `beforeEnd`, too. */
  #sink(sending: PromiseWithResolvers<void>, beforeEnd: () => MaybePromise<void>, lengthBytes: number): BodySink {
    let completing: Buffer | undefined
    const finish = (last: Buffer | undefined) => {
      this.#sentBytes += last?.length ?? 0
      if (this.body === undefined || this.body.isComplete) this.#end(last)
      else this.#linger(this.body, last)
      sending.resolve()
    }
    return {
      write: (chunk) => {
        if (this.#sentBytes + chunk.length === lengthBytes) {
          completing = chunk
          return true
        }
        this.#sentBytes += chunk.length
        const goesOn = this.#response.write(chunk)
        if (!goesOn) this.#waitForClient()
        return goesOn
      },
      end: (last) => {
        try {
          const ready = beforeEnd()
          if (ready === undefined) finish(last ?? completing)
          else ready.then(() => finish(last ?? completing)).catch(sending.reject)
        } catch (error) {
          sending.reject(error)
        }
      },
      fail: sending.reject,
    }
  }

  /** Back-pressure, but not for ever: the origin's connection waits with us. */
  #waitForClient(): void {
    this.#differences.limitSending(this.#sendTimeoutMs)
    this.#response.once('drain', () => {
      this.#differences.limitSending(0)
      this.#stream?.resume()
    })
  }

  /** The record of a tunnel is that of its handshake: it is written when the tunnel closes. */
  async #openTunnel(response: EdgeResponse, origin: Duplex, beforeEnd: () => MaybePromise<void>): Promise<void> {
    this.#status = response.status
    await beforeEnd()
    this.#differences.tunnel(response, origin)
    if (!origin.closed) await new Promise((resolve) => origin.on('close', resolve))
  }

  #end(last: Buffer | undefined): void {
    if (last === undefined) this.#response.end()
    // Node joins a string to the head and writes once; a buffer becomes a vectored write of two, which costs twice as much.
    else if (last.length <= SHORT_BODY_BYTES) this.#response.end(last.toString('latin1'), 'latin1')
    else this.#response.end(last)
    // Most answers are in the kernel's hands by now. A response that waits for its turn has no socket and no bytes yet.
    if (this.#response.socket?.writableLength !== 0) this.#differences.limitSending(this.#sendTimeoutMs)
  }

  /** Sends everything but the end, and reads on for a while: closing over unread bytes would reset the response away. */
  #linger(body: RequestBody, last: Buffer | undefined): void {
    if (last !== undefined) this.#response.write(last)
    const finish = () => {
      clearTimeout(timer)
      this.#response.end(() => this.#differences.refuseRest())
    }
    const timer = setTimeout(finish, LINGER_MS)
    if (this.#expectsContinue) finish()
    else body.discard(LINGER_BYTES, finish)
  }

  /** Node refuses what no protocol can carry (a control character in a value, the same single field twice in HTTP/2). */
  #writeHeadOrAbort(response: EdgeResponse): void {
    try {
      this.#writeHead(response)
    } catch (cause) {
      const error = new EdgeError('ACME_EDGE_ORIGIN_FAILED', 'the origin sent fields that cannot be sent on', { cause })
      if (response.body.kind === 'stream') response.body.stream.abort(error)
      throw error
    }
  }

  #writeHead({ status, headers }: EdgeResponse): void {
    this.#status = status
    const close = this.body !== undefined && !this.body.isComplete
    const fields = this.#differences.headers(headers, close)
    this.#response.writeHead(status, fields as string[]) // it is only read
  }

  #abandon(response: EdgeResponse): Promise<never> {
    const error = clientGone()
    if (response.body.kind === 'stream') response.body.stream.abort(error)
    if (response.body.kind === 'tunnel') response.body.origin.destroy()
    return Promise.reject(error)
  }

  #isGone(): boolean {
    return this.#isClosed || this.#response.destroyed || this.#response.socket?.destroyed === true
  }

  #onClose(): void {
    this.#isClosed = true
    if (this.#response.writableFinished) return
    const error = clientGone()
    this.#stream?.abort(error)
    this.#onClientGone?.()
    this.#sending?.reject(error)
  }
}

function clientGone(): EdgeError {
  return new EdgeError('ACME_EDGE_CLIENT_GONE', 'the client closed before the response was complete')
}
