import type { RawHeaders } from '../http.ts'
import { joinChunks } from './chunked-reader.ts'

/** What could be read of a message that is no request. */
export interface BrokenMessage {
  readonly requestLine: string
  readonly method: string
  readonly target: string
  readonly protocol: string
  readonly headers: RawHeaders
  readonly body: Buffer
}

/** The longest body that is kept of a message which goes nowhere. */
const MAX_BODY_BYTES = 65_536

/** How much of the end has to be looked at to see an empty line, or the end of chunks, that came in two pieces. */
const TAIL_BYTES = 16

/**
 * The bytes of a message that is refused, collected for the record alone. What is wrong with it may show before it has
 * come in whole: the rest is waited for, but not for long. However small its pieces are, each is looked at once.
 */
export class RefusedMessage {
  #text = ''
  #tail = ''
  /** Says when the message is complete; unknown before the end of its head. */
  #isAtEnd: ((length: number, tail: string) => boolean) | undefined
  #isComplete = false
  readonly #completed = Promise.withResolvers<void>()

  constructor(head: string) {
    this.#take(head)
  }

  /** All that has come, as a one-byte string. */
  get text(): string {
    return this.#text
  }

  push(bytes: Buffer): void {
    if (this.#isComplete) return
    if (this.#text.length > MAX_BODY_BYTES) this.end()
    else this.#take(bytes.toString('latin1', 0, MAX_BODY_BYTES))
  }

  /** Nothing more will come. */
  end(): void {
    this.#isComplete = true
    this.#completed.resolve()
  }

  /** Resolves when the message is as long as it says, when its sender has closed, or after `timeoutMs`. */
  async whenComplete(timeoutMs: number): Promise<void> {
    await undefined // what came in the same packet follows at once
    if (timeoutMs === 0 || this.#isComplete) return
    const timer = setTimeout(() => this.end(), timeoutMs)
    await this.#completed.promise
    clearTimeout(timer)
  }

  read(): BrokenMessage {
    return readBrokenMessage(this.#text)
  }

  #take(piece: string): void {
    this.#text += piece
    const tail = this.#tail + piece
    this.#tail = tail.slice(-TAIL_BYTES)
    if (this.#isAtEnd === undefined && emptyLine.test(tail)) this.#isAtEnd = endOf(this.#text)
    if (this.#isAtEnd?.(this.#text.length, tail)) this.end()
  }
}

const emptyLine = /\n\r?\n/

/** What its head says of the message's length. */
function endOf(text: string): (length: number, tail: string) => boolean {
  const bodyStart = bodyStartOf(text)
  const head = text.slice(0, bodyStart)
  if (/\ntransfer[-_]encoding[\t ]*:[^\n]*chunked/i.test(head)) {
    return (_, tail) => /\n0+\r?\n\r?\n$/.test(tail)
  }
  const [, bytes = '0'] = /\ncontent[-_]length[\t ]*:[\t ]*(\d{1,15})/i.exec(head) ?? []
  const wanted = bodyStart + Math.min(Number(bytes), MAX_BODY_BYTES)
  return (length) => length >= wanted
}

/** Reads as much as there is: the first line's parts, every line with a colon up to an empty one, and what follows it. */
export function readBrokenMessage(text: string): BrokenMessage {
  const bodyStart = bodyStartOf(text)
  const head = bodyStart === -1 ? text : text.slice(0, bodyStart)
  const [requestLine = '', ...lines] = head.replace(/^(?:\r?\n)+/, '').split(/\r?\n/)
  // A bare CR stays where it is: for a rule it is the sign of an injection.
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return colon > 0 ? [line.slice(0, colon), trimBlanks(line.slice(colon + 1))] : []
  })
  const body = bodyStart === -1 ? '' : text.slice(bodyStart, bodyStart + MAX_BODY_BYTES)
  const content = isChunked(headers) ? joinChunks(body, 0) : body
  return { requestLine, ...readRequestLine(requestLine), headers, body: Buffer.from(content, 'latin1') }
}

/** A GET without a version is a request of HTTP/0.9 (RFC 1945 §4.1). */
function readRequestLine(line: string): Pick<BrokenMessage, 'method' | 'target' | 'protocol'> {
  const [, simple] = /^GET (\S+) ?$/.exec(line) ?? []
  if (simple !== undefined) return { method: 'GET', target: simple, protocol: 'HTTP/0.9' }
  const [method = '', ...rest] = line.split(' ')
  const protocol = rest.length > 1 ? (rest.pop() ?? '') : ''
  return { method, target: rest.join(' '), protocol }
}

function bodyStartOf(text: string): number {
  const match = /\r?\n\r?\n/.exec(text)
  return match === null ? -1 : match.index + match[0].length
}

function isChunked(headers: RawHeaders): boolean {
  return headers.some((name, i) => {
    return i % 2 === 0 && /^transfer[-_]encoding[\t ]*$/i.test(name) && /chunked/i.test(headers[i + 1] ?? '')
  })
}

function trimBlanks(text: string): string {
  return text.replace(/^[\t ]+|[\t ]+$/g, '')
}
