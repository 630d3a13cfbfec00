import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { EdgeError } from '../errors.ts'
import type { CurrentGeneration } from './generation.ts'
import { type GuardedHead, Http1Guard } from './http1-guard.ts'
import { RefusedMessage } from './refused-message.ts'
import { recordRefused } from './refused-request.ts'
import type { RequestBody } from './request-body.ts'
import { hasEmptyVersion, type Refusal } from './request-head.ts'
import { type SocketEndpoints, socketEndpoints } from './socket-endpoints.ts'

/** How long a refused client may take to read its answer before the socket is cut. */
const LINGER_MS = 500
/** How long the rest of a message that is refused already may take to come for the record. */
const REFUSED_REST_MS = 250
/** How long a client that has closed its side is believed to wait for an answer, or for the next piece of it. */
const HALF_CLOSED_MS = 1_000

/**
 * One HTTP/1 connection with its guard in front of Node's parser. Heads come out in the order in which the parser emits
 * requests, so each request is compared with what the guard read.
 */
export class Http1Connection {
  readonly endpoints: SocketEndpoints
  readonly secure: boolean
  readonly #socket: Socket
  readonly #edge: CurrentGeneration
  readonly #heads: GuardedHead[] = []
  readonly #guard: Http1Guard
  #openExchanges = 0
  #requestCount = 0
  #refusal: Refusal | undefined
  #refusedMessage: RefusedMessage | undefined
  #closing = false
  #bodyHasBegun = false
  #body: RequestBody | undefined

  constructor(socket: Socket, edge: CurrentGeneration, secure: boolean) {
    this.endpoints = socketEndpoints(socket)
    this.secure = secure
    this.#socket = socket
    this.#edge = edge
    const [parse] = socket.listeners('data') as ((bytes: Buffer) => void)[] // Node's own listener, the only one so far
    this.#guard = new Http1Guard(edge().limits, {
      mayBegin: () => this.#mayBegin(),
      head: (head) => this.#heads.push(head),
      forward: (bytes) => parse?.call(socket, bytes),
      refuse: (refusal, head, inBody) => this.#refuse(refusal, head, inBody),
      late: (bytes) => this.#takeLate(bytes),
    })
    const push = (bytes: Buffer) => this.#guard.push(bytes)
    socket.on('error', () => undefined) // `close` follows; Node's own listener goes when a request becomes a tunnel
    socket.on('end', () => this.#onHalfClosed())
    socket.on('data', push) // takes the socket back from the parser, which otherwise reads it in native code
    if (parse !== undefined) socket.removeListener('data', parse)
    this.release = () => {
      this.#guard.stop()
      socket.removeListener('data', push)
    }
  }

  /** Ends the guard's work: the connection became a tunnel. */
  readonly release: () => void

  /** The guard's reading of the request that the parser has just emitted; `undefined` when the two differ. */
  takeHead(method: string, target: string): GuardedHead | undefined {
    const head = this.#heads.shift()
    this.#bodyHasBegun = head?.hasMore === true
    return head?.text.startsWith(`${method} ${target} HTTP/`) ? head : undefined
  }

  /** Whether bytes came behind the head that was taken last: who waits for 100 (Continue) does not send them. */
  get bodyHasBegun(): boolean {
    return this.#bodyHasBegun
  }

  /** Requests that this connection has brought so far. */
  get requestCount(): number {
    return this.#requestCount
  }

  exchangeOpened(body: RequestBody | undefined): void {
    this.#openExchanges++
    this.#requestCount++
    this.#body = body
  }

  /** @param goesOn whether the client has not said that it was its last one: what follows that is nothing (RFC 9112 §9.6) */
  exchangeClosed(goesOn: boolean): void {
    this.#openExchanges--
    if (!goesOn) this.#guard.stop()
    if (this.#refusal !== undefined) return this.#answerRefusal(this.#refusal)
    if (this.#closing) return this.closeWhenIdle()
    this.#guard.resume()
    this.#socket.resume()
  }

  /** One request at a time, in order: pipelined ones wait, and so does the client (RFC 9112 §9.3.2). */
  #mayBegin(): boolean {
    if (this.#openExchanges === 0) return true
    this.#socket.pause()
    return false
  }

  /**
   * The client will send no more. It may still want its answer, or be gone: TCP does not tell. It counts as gone when nothing
   * could be sent to it for a while, so that an event stream to a closed page does not stay open for ever.
   */
  #onHalfClosed(): void {
    this.#refusedMessage?.end()
    let written = -1
    const timer = setInterval(() => {
      if (this.#socket.bytesWritten === written) this.#socket.destroy()
      written = this.#socket.bytesWritten
    }, HALF_CLOSED_MS)
    this.#socket.on('close', () => clearInterval(timer))
  }

  /** Ends the connection now if nothing is going on, otherwise after the response that is due. */
  closeWhenIdle(): void {
    this.#closing = true
    if (this.#openExchanges === 0 && this.#refusal === undefined) this.#socket.destroySoon()
  }

  /** CONNECT: the parser has let go of the socket, which is no tunnel here. */
  refuseTunnel(head: string): void {
    const whole = this.#heads.shift()?.text ?? head
    this.#refuse({ kind: 'refusal', status: 405, reason: 'CONNECT is not proxied' }, whole, false)
  }

  /** Node's parser has a complaint that the guard does not share, or the client was too slow. */
  parserError(error: Error & { code?: string }): void {
    if (this.#refusal !== undefined) return
    const [unclaimed] = this.#heads // passed by the guard, and no request of the parser's
    const head = this.#guard.partialHead || (unclaimed?.text ?? '')
    const isIdle = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && head === '' && this.#openExchanges === 0
    if (error.code === 'ECONNRESET' || isIdle) {
      this.#socket.destroy()
      return
    }
    this.#refuse({ kind: 'refusal', ...parserStatus(error) }, head, head === '')
  }

  #refuse(refusal: Refusal, head: string, inBody: boolean): void {
    this.#refusal = refusal
    this.#guard.stop() // the parser may have let go of the socket, and serve another one by now
    if (inBody) return this.#refuseBody(refusal)
    const message = new RefusedMessage(head)
    this.#refusedMessage = message
    const { peer, server } = this.endpoints
    const edge = this.#edge()
    edge.occupancy.enter()
    void message
      .whenComplete(refusal.status === 400 || refusal.status === 405 ? REFUSED_REST_MS : 0)
      .then(() => recordRefused({ ...message.read(), client: peer, server, secure: this.secure }, refusal, edge))
      .then(() => this.#answerRefusal(refusal))
      .finally(() => edge.occupancy.leave())
  }

  /** For the record alone. */
  #takeLate(bytes: Buffer): void {
    this.#refusedMessage?.push(bytes)
    if (this.#body !== undefined) this.#body.lastBytes ??= bytes
  }

  /** The request itself has its record and its answer: its body fails, or nobody wants it any more. */
  #refuseBody(refusal: Refusal): void {
    if (this.#body === undefined || this.#body.destroyed) return this.#answerRefusal(refusal)
    this.#body.destroy(new EdgeError('ACME_EDGE_REQUEST_REFUSED', refusal.reason, { status: refusal.status }))
  }

  /** After the responses that are still due, in their order (RFC 9112 §9.3.2). */
  #answerRefusal({ status }: Refusal): void {
    if (this.#openExchanges > 0 || this.#socket.destroyed || this.#socket.writableEnded) return
    const page = `${status} ${STATUS_CODES[status]}\n`
    setTimeout(() => this.#socket.destroy(), LINGER_MS).unref()
    if (this.#refusedMessage !== undefined && hasEmptyVersion(this.#refusedMessage.text)) {
      this.#socket.end(page)
      return
    }
    const fields = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${page.length}\r\nconnection: close`
    this.#socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields}\r\n\r\n${page}`)
  }
}

function parserStatus(error: Error & { code?: string }): { status: number; reason: string } {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return { status: 408, reason: 'the head came too slowly' }
  if (error.code === 'HPE_HEADER_OVERFLOW') return { status: 431, reason: 'head too long' }
  return { status: 400, reason: `HTTP parser: ${error.code ?? error.message}` }
}
