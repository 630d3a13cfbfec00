import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { EdgeError } from '../errors.ts'
import { type BodySink, type BodyStream, type EdgeResponse, findHeader } from '../http.ts'
import { originError } from './origin-error.ts'
import { responseHeaders } from './origin-headers.ts'

/** Bytes that may wait between origin and client before the origin's socket is paused. */
const HIGH_WATER_BYTES = 65_536

/**
 * One request at an origin, as undici's dispatch handler. What arrives before the response is being sent waits here, up
 * to the high-water mark; a short response is thus complete before its head goes out, and costs one write.
 */
export class OriginCall implements BodyStream, Dispatcher.DispatchHandler {
  readonly response: Promise<EdgeResponse>
  readonly #respond: (response: EdgeResponse) => void
  readonly #reject: (error: Error) => void
  #controller: Dispatcher.DispatchController | undefined
  #sink: BodySink | undefined
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #hasResponse = false
  #ended = false
  #failure: Error | undefined
  readonly #onSettled: () => void
  readonly #expectedAccept: string | undefined

  /** `onSettled` runs once, when the origin's connection is free again or lost. `expectedAccept`: of a WebSocket handshake. */
  constructor(onSettled: () => void, expectedAccept?: string) {
    this.#onSettled = onSettled
    this.#expectedAccept = expectedAccept
    const { promise, resolve, reject } = Promise.withResolvers<EdgeResponse>()
    this.response = promise
    this.#respond = resolve
    this.#reject = reject
  }

  get hasResponse(): boolean {
    return this.#hasResponse
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#failure !== undefined) controller.abort(this.#failure)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return // RFC 9110 §15.2: interim responses may be dropped
    this.#hasResponse = true
    const headers = responseHeaders(readRawHeaders(controller.rawHeaders))
    this.#respond({ status, headers, body: { kind: 'stream', stream: this } })
  }

  /** undici has checked that it is 101; a wrong Sec-WebSocket-Accept is no handshake (RFC 6455 §4.1, Pingora CVE-2026-2833). */
  onRequestUpgrade(controller: Dispatcher.DispatchController, status: number, _headers: unknown, socket: Duplex): void {
    const headers = readRawHeaders(controller.rawHeaders)
    this.#onSettled()
    this.#ended = true
    if (status === 101 && findHeader(headers, 'sec-websocket-accept') === this.#expectedAccept) {
      this.#hasResponse = true
      this.#respond({ status, headers: responseHeaders(headers), body: { kind: 'tunnel', origin: socket } })
      return
    }
    socket.destroy()
    this.#reject(new EdgeError('ACME_EDGE_ORIGIN_FAILED', 'the origin answered a WebSocket handshake with a wrong one'))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink !== undefined && this.#waiting.length === 0) {
      if (!this.#sink.write(chunk)) controller.pause()
      return
    }
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#waitingBytes >= HIGH_WATER_BYTES) controller.pause()
  }

  onResponseEnd(): void {
    this.#ended = true
    this.#onSettled()
    if (this.#waiting.length === 0) this.#sink?.end(undefined)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(originError(error))
  }

  pipe(sink: BodySink): void {
    this.#sink = sink
    this.#flush()
  }

  resume(): void {
    this.#flush()
  }

  abort(error: Error): void {
    if (this.#ended) return
    this.#fail(error)
    this.#controller?.abort(error)
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#onSettled()
    this.#reject(error)
    this.#sink?.fail(error)
  }

  #flush(): void {
    const sink = this.#sink
    if (sink === undefined) return
    if (this.#failure !== undefined) return sink.fail(this.#failure)
    while (this.#waiting.length > 0) {
      const chunk = this.#waiting.shift()
      if (chunk === undefined) break
      if (this.#ended && this.#waiting.length === 0) return sink.end(chunk)
      if (!sink.write(chunk)) return
    }
    this.#waitingBytes = 0
    if (this.#ended) sink.end(undefined)
    else this.#controller?.resume()
  }
}

function readRawHeaders(raw: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(raw)) throw new EdgeError('ACME_EDGE_INTERNAL', 'undici gave no raw headers')
  return raw.map((item) => (typeof item === 'string' ? item : item.toString('latin1')))
}
