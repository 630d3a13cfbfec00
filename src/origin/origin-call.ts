import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { EdgeError } from '../errors.ts'
import { type EdgeResponse, findHeader } from '../http.ts'
import { BodyRelay } from './body-relay.ts'
import { originError } from './origin-error.ts'
import { responseHeaders } from './origin-headers.ts'

/** What comes of a call: first at most one of `responded` and `failed`; in any case once `settled`. */
export interface CallOutcomes {
  responded(response: EdgeResponse): void
  failed(error: Error): void
  /** The origin's connection is free again or lost. */
  settled(): void
}

/** One request at an origin, as undici's dispatch handler; the response's body passes through a relay. */
export class OriginCall implements Dispatcher.DispatchHandler {
  readonly #outcomes: CallOutcomes
  readonly #expectedAccept: string | undefined
  readonly #body: BodyRelay
  #controller: Dispatcher.DispatchController | undefined
  #tunnel: Duplex | undefined
  #hasResponse = false
  #isSettled = false
  #failure: Error | undefined

  /** `expectedAccept`: of a WebSocket handshake. */
  constructor(outcomes: CallOutcomes, expectedAccept?: string) {
    this.#outcomes = outcomes
    this.#expectedAccept = expectedAccept
    this.#body = new BodyRelay(this)
  }

  /** Of the body's source, as the relay asks. */
  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#failure !== undefined) controller.abort(this.#failure)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return // RFC 9110 §15.2: interim responses may be dropped
    const headers = responseHeaders(readRawHeaders(controller.rawHeaders), status)
    this.#hasResponse = true
    this.#outcomes.responded({ status, headers, body: { kind: 'stream', stream: this.#body } })
  }

  /** undici has checked that it is 101; a wrong Sec-WebSocket-Accept is no handshake (RFC 6455 §4.1, Pingora CVE-2026-2833). */
  onRequestUpgrade(controller: Dispatcher.DispatchController, status: number, _headers: unknown, socket: Duplex): void {
    const headers = readRawHeaders(controller.rawHeaders)
    this.#settle()
    socket.on('error', () => undefined) // `close` follows, which is what a tunnel ends by
    if (status === 101 && findHeader(headers, 'sec-websocket-accept') === this.#expectedAccept) {
      this.#hasResponse = true
      this.#tunnel = socket
      this.#outcomes.responded({
        status,
        headers: responseHeaders(headers, status),
        body: { kind: 'tunnel', origin: socket },
      })
      return
    }
    socket.destroy()
    this.#outcomes.failed(
      new EdgeError('ACME_EDGE_ORIGIN_FAILED', 'the origin answered a WebSocket handshake with a wrong one'),
    )
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body.push(chunk)
  }

  onResponseEnd(): void {
    this.#settle()
    this.#body.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(originError(error))
  }

  /** Nobody wants the response any more; one that is complete stays as it is. */
  abort(error: Error): void {
    this.#tunnel?.destroy()
    if (this.#isSettled) return
    this.#fail(error)
    this.#controller?.abort(error)
  }

  #fail(error: Error): void {
    if (this.#isSettled) return
    this.#failure = error
    this.#settle()
    if (!this.#hasResponse) this.#outcomes.failed(error)
    this.#body.fail(error)
  }

  #settle(): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#outcomes.settled()
  }
}

function readRawHeaders(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(raw)) throw new EdgeError('ACME_EDGE_INTERNAL', 'undici gave no raw headers')
  return raw.map((item) => (typeof item === 'string' ? item : item.toString('latin1')))
}
