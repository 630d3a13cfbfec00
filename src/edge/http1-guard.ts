import type { BodyFraming } from '../http.ts'
import { ChunkedReader, joinChunks } from './chunked-reader.ts'
import { type HeadLimits, type Refusal, readRequestHead, refusal } from './request-head.ts'

/** A head that passed, in the order of arrival: the HTTP parser behind the guard must come to the same. */
export interface GuardedHead {
  readonly text: string
  readonly framing: BodyFraming
  /** Whether the same packet goes on behind the head. */
  readonly hasMore: boolean
}

export interface GuardEvents {
  /** Whether another message may begin; otherwise the guard keeps what has come until `resume`. */
  mayBegin(): boolean
  /** A complete head; its bytes reach the parser right after this returns. */
  head(head: GuardedHead): void
  /** The bytes may go to the parser. */
  forward(bytes: Buffer): void
  /** The end of the connection: nothing more goes to the parser. `head` is what had come of the current message's head. */
  refuse(refusal: Refusal, head: string, inBody: boolean): void
  /** What came behind that head, or comes after a refusal; of a chunked body, its data. */
  late(bytes: Buffer): void
}

const EMPTY_LINE = [0x0d, 0x0a]

type State =
  | { readonly kind: 'head' }
  | { readonly kind: 'length'; remaining: number }
  | { readonly kind: 'chunked'; readonly reader: ChunkedReader }
  | { readonly kind: 'refused' }

/**
 * Stands between the socket and Node's HTTP/1 parser, which lets some framing through that other readers understand
 * differently (chunk sizes of 41 digits, `TE: ,chunked`, textual HTTP/2.0 …). Reads the same bytes by a stricter grammar
 * and passes on only what it has understood; also keeps the current head, so that what is refused can be recorded.
 */
export class Http1Guard {
  readonly #limits: HeadLimits
  readonly #events: GuardEvents
  #state: State = { kind: 'head' }
  #head = ''
  /** How much has been skipped of the one empty line that may come before a request line (RFC 9112 §2.2). */
  #emptyLine = 0
  #held: Buffer | undefined

  constructor(limits: HeadLimits, events: GuardEvents) {
    this.#limits = limits
    this.#events = events
  }

  /** The bytes of the head that is being received, bounded by `headerBytes` and one packet. */
  get partialHead(): string {
    return this.#head
  }

  /** Nothing more is read: the connection was refused, or became a tunnel. */
  stop(): void {
    this.#state = { kind: 'refused' }
  }

  push(bytes: Buffer): void {
    let rest = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes])
    this.#held = undefined
    while (rest.length > 0 && this.#state.kind !== 'refused') {
      if (this.#isBetweenMessages() && !this.#events.mayBegin()) {
        this.#held = rest
        return
      }
      rest = rest.subarray(this.#step(rest))
    }
    if (rest.length > 0) this.#events.late(rest)
  }

  /** Goes on with what was kept back. */
  resume(): void {
    if (this.#held !== undefined) this.push(Buffer.alloc(0))
  }

  #isBetweenMessages(): boolean {
    return this.#state.kind === 'head' && this.#head === ''
  }

  /** Consumes at least one byte and says how many. */
  #step(bytes: Buffer): number {
    const state = this.#state
    switch (state.kind) {
      case 'head':
        return this.#readHead(bytes)
      case 'length': {
        const used = Math.min(state.remaining, bytes.length)
        state.remaining -= used
        if (state.remaining === 0) this.#state = { kind: 'head' }
        this.#events.forward(bytes.subarray(0, used))
        return used
      }
      case 'chunked':
        return this.#readChunked(state.reader, bytes)
      case 'refused':
        return bytes.length
    }
    state satisfies never
    return bytes.length
  }

  #readHead(bytes: Buffer): number {
    if (this.#head === '' && this.#emptyLine < 2 && bytes[0] === EMPTY_LINE[this.#emptyLine]) {
      this.#emptyLine++
      return 1
    }
    if (this.#emptyLine === 1) return this.#refuse(refusal(400, 'bare CR'), '\r')
    const before = this.#head.length
    const text = this.#head + bytes.toString('latin1', 0, Math.min(bytes.length, this.#limits.headerBytes + 4))
    const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end === -1) return this.#keepPartial(text, bytes)
    const head = text.slice(0, end + 4)
    const result = readRequestHead(head, this.#limits)
    const used = head.length - before
    if (result.kind === 'refusal') return used + this.#refuse(result, head)
    this.#head = ''
    this.#emptyLine = 0
    this.#state = stateAfterHead(result.framing)
    this.#events.head({ text: head, framing: result.framing, hasMore: bytes.length > used })
    this.#events.forward(bytes.subarray(0, used))
    return used
  }

  #keepPartial(text: string, bytes: Buffer): number {
    const fault = partialFault(text, this.#limits)
    if (fault !== undefined) return bytes.length + this.#refuse(fault, text)
    this.#head = text
    this.#events.forward(bytes)
    return bytes.length
  }

  #readChunked(reader: ChunkedReader, bytes: Buffer): number {
    const { openBytes } = reader
    const { used, outcome } = reader.push(bytes)
    if (outcome.kind === 'refusal') {
      this.#refuse(outcome, '', true)
      this.#events.late(Buffer.from(joinChunks(bytes.toString('latin1'), openBytes), 'latin1'))
      return bytes.length
    }
    if (outcome.kind === 'end') this.#state = { kind: 'head' }
    this.#events.forward(bytes.subarray(0, used))
    return used
  }

  /** Consumes nothing by itself. */
  #refuse(cause: Refusal, head: string, inBody = false): 0 {
    this.#state = { kind: 'refused' }
    this.#events.refuse(cause, head, inBody)
    return 0
  }
}

function stateAfterHead(framing: BodyFraming): State {
  if (framing.kind === 'chunked') return { kind: 'chunked', reader: new ChunkedReader() }
  if (framing.kind === 'length' && framing.bytes > 0) return { kind: 'length', remaining: framing.bytes }
  return { kind: 'head' }
}

/** What can be refused before the head is complete: a sender of bare LF would never complete it. */
function partialFault(text: string, limits: HeadLimits): Refusal | undefined {
  const lineEnd = text.indexOf('\r\n')
  if (lineEnd === -1 && text.length > limits.targetBytes + 64)
    return refusal(414, 'target longer than limits.target_size')
  if (text.length > limits.headerBytes) return refusal(431, 'head longer than limits.header_size')
  return /(?:^|[^\r])\n/.test(text) ? refusal(400, 'bare LF') : undefined
}
