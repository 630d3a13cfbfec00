import type { BodySink, BodyStream } from '../http.ts'

/** Bytes that may wait between origin and client before the origin's socket is paused. */
const HIGH_WATER_BYTES = 65_536

/** Where the bytes come from, as far as the relay has a say in it. */
export interface RelaySource {
  pause(): void
  resume(): void
  abort(error: Error): void
}

/**
 * A body between an origin that pushes and a sink that may ask it to wait. What arrives before there is a sink waits here,
 * up to the high-water mark; a short body is thus complete before the head goes out, and costs one write. A sink that
 * asked to wait gets nothing, not even the end, until it resumes or another one takes its place: none of the bytes is
 * lost between an inspection that has seen enough and the client.
 */
export class BodyRelay implements BodyStream {
  readonly #source: RelaySource
  #sink: BodySink | undefined
  #isStopped = false
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #hasEnded = false
  #failure: Error | undefined

  constructor(source: RelaySource) {
    this.#source = source
  }

  push(chunk: Buffer): void {
    if (this.#sink !== undefined && !this.#isStopped && this.#waiting.length === 0) {
      if (!this.#sink.write(chunk)) this.#stop()
      return
    }
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
    if (this.#waitingBytes >= HIGH_WATER_BYTES) this.#source.pause()
  }

  end(): void {
    this.#hasEnded = true
    if (!this.#isStopped) this.#flush()
  }

  /** The source broke off; what is still waiting is of no use. */
  fail(error: Error): void {
    if (this.#hasEnded || this.#failure !== undefined) return
    this.#failure = error
    this.#waiting = []
    this.#take()?.fail(error)
  }

  pipe(sink: BodySink): void {
    this.#sink = sink
    this.#isStopped = false
    this.#flush()
  }

  resume(): void {
    if (!this.#isStopped) return
    this.#isStopped = false
    this.#flush()
  }

  abort(error: Error): void {
    this.#waiting = []
    if (!this.#hasEnded) this.#source.abort(error)
  }

  #stop(): void {
    this.#isStopped = true
    this.#source.pause()
  }

  #flush(): void {
    if (this.#sink === undefined) return
    if (this.#failure !== undefined) return this.#take()?.fail(this.#failure)
    for (let chunk = this.#waiting.shift(); chunk !== undefined; chunk = this.#waiting.shift()) {
      this.#waitingBytes -= chunk.length
      if (this.#hasEnded && this.#waiting.length === 0) return this.#take()?.end(chunk)
      if (!this.#sink.write(chunk)) return this.#stop()
    }
    if (this.#hasEnded) this.#take()?.end(undefined)
    else this.#source.resume()
  }

  /** The sink for its last call: it gets no other one. */
  #take(): BodySink | undefined {
    const sink = this.#sink
    this.#sink = undefined
    return sink
  }
}
