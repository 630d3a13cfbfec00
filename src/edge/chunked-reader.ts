import { type Refusal, refusal } from './request-head.ts'

/** Extensions have no use here; their total is bounded against CVE-2024-22019 (endless extensions that cost bandwidth). */
const MAX_EXTENSION_BYTES = 4096
/** Trailers are checked and dropped; nothing legitimate is long. */
const MAX_TRAILER_BYTES = 4096

export type ChunkedOutcome = { readonly kind: 'more' } | { readonly kind: 'end' } | Refusal

const MORE: ChunkedOutcome = { kind: 'more' }
const END: ChunkedOutcome = { kind: 'end' }

// RFC 9112 §7.1 without the optional white space, and never more than 16 digits.
const sizeLine = /^([0-9A-Fa-f]{1,16})(;[\t\x20-\x7e\x80-\xff]*)?$/
const trailerLine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/

/** Finds the end of a chunked body and refuses every spelling that another reader may take differently. */
export class ChunkedReader {
  #state: 'size' | 'data' | 'data-end' | 'trailer' = 'size'
  #remaining = 0
  #line = ''
  #extensionBytes = 0
  #trailerBytes = 0

  /** How much of the chunk that was begun is still to come. */
  get openBytes(): number {
    return this.#state === 'data' ? this.#remaining : 0
  }

  /** Reads up to the end of the body; `used` bytes belong to it. */
  push(bytes: Buffer): { used: number; outcome: ChunkedOutcome } {
    let at = 0
    while (at < bytes.length) {
      if (this.#state === 'data') {
        const used = Math.min(this.#remaining, bytes.length - at)
        this.#remaining -= used
        at += used
        if (this.#remaining === 0) this.#state = 'data-end'
        continue
      }
      const newline = bytes.indexOf(0x0a, at)
      const end = newline === -1 ? bytes.length : newline + 1
      this.#line += bytes.toString('latin1', at, end)
      at = end
      const outcome = newline === -1 ? this.#checkPartial() : this.#readLine()
      if (outcome.kind !== 'more') return { used: at, outcome }
    }
    return { used: at, outcome: MORE }
  }

  #checkPartial(): ChunkedOutcome {
    const limit = this.#state === 'trailer' ? MAX_TRAILER_BYTES : MAX_EXTENSION_BYTES
    if (this.#state === 'data-end' && this.#line.length > 1) return refusal(400, 'chunk data longer than its size')
    return this.#line.length > limit + 20 ? refusal(400, 'chunk line too long') : MORE
  }

  #readLine(): ChunkedOutcome {
    const line = this.#line
    this.#line = ''
    if (!line.endsWith('\r\n')) return refusal(400, 'bare LF in chunked framing')
    const text = line.slice(0, -2)
    switch (this.#state) {
      case 'size':
        return this.#readSize(text)
      case 'data-end':
        this.#state = 'size'
        return text === '' ? MORE : refusal(400, 'chunk data longer than its size')
      case 'trailer':
        return this.#readTrailer(text)
      case 'data':
        return MORE
    }
    this.#state satisfies never
    return MORE
  }

  #readSize(text: string): ChunkedOutcome {
    const match = sizeLine.exec(text)
    const size = Number.parseInt(match?.[1] ?? '', 16)
    if (!Number.isSafeInteger(size)) return refusal(400, 'malformed chunk size')
    this.#extensionBytes += match?.[2]?.length ?? 0
    if (this.#extensionBytes > MAX_EXTENSION_BYTES) return refusal(400, 'chunk extensions too long')
    this.#remaining = size
    this.#state = size === 0 ? 'trailer' : 'data'
    return MORE
  }

  #readTrailer(text: string): ChunkedOutcome {
    if (text === '') return END
    this.#trailerBytes += text.length
    if (this.#trailerBytes > MAX_TRAILER_BYTES) return refusal(431, 'trailers too long')
    return trailerLine.test(text) ? MORE : refusal(400, 'malformed trailer')
  }
}

/**
 * The data of as many chunks as can be made out of a body that is refused; what follows is taken as it is.
 *
 * @param openBytes how much of a chunk that began before is still to come
 */
export function joinChunks(body: string, openBytes: number): string {
  const sizeLineStart = /\s*([0-9A-Fa-f]{1,8})[^\n]*\n/y
  let joined = body.slice(0, openBytes)
  for (let at = openBytes; ; ) {
    sizeLineStart.lastIndex = at
    const match = sizeLineStart.exec(body)
    if (match === null) return joined + body.slice(at)
    const size = Number.parseInt(match[1] ?? '', 16)
    if (size === 0) return joined
    const start = at + match[0].length
    joined += body.slice(start, start + size)
    at = start + size
  }
}
