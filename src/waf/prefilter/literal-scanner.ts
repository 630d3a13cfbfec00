import { kindOf, twins } from './byte-kinds.ts'
import { buildAutomaton, type LiteralAutomaton } from './literal-automaton.ts'

/** What one pass over a string found. */
export interface Scan {
  /** Kinds of its bytes, and twins. */
  readonly mask: number
  readonly length: number
  /** Numbers of what ended somewhere in it, each once: indexes of `LiteralScanner.endings`. */
  readonly hits: readonly number[]
}

const NO_HITS: readonly number[] = Object.freeze([])
/** So many bytes are read before what they hit is looked at. */
const STRETCH = 4096

/**
 * One automaton over the literals of all rules, and the kinds of bytes in the same pass: two table look-ups a byte, however
 * many rules there are. Case is ignored.
 */
export class LiteralScanner {
  /** Bytes of the longest literal. */
  readonly longest: number
  /** The literals that end where a hit is noted, by its number; 0 is nobody's. */
  readonly endings: readonly (readonly string[])[]
  readonly #automaton: LiteralAutomaton
  readonly #twinOf: Int32Array
  /** The pass in which a hit was noted last. */
  readonly #notedIn: Uint32Array
  #pass = 0
  /** States of a stretch in which literals ended. */
  readonly #reached = new Uint32Array(STRETCH)
  /** At the end of the stretch. */
  #state = 0
  #mask = 0

  constructor(literals: Iterable<string>) {
    const all = [...new Set([...literals, ...twins.map(([text]) => text)])]
    this.longest = all.reduce((longest, { length }) => Math.max(longest, length), 0)
    this.#automaton = buildAutomaton(all)
    this.endings = this.#automaton.endings
    this.#twinOf = Int32Array.from(this.endings, (texts) => {
      return twins.reduce((bits, [text, bit]) => (texts.includes(text) ? bits | bit : bits), 0)
    })
    this.#notedIn = new Uint32Array(this.endings.length)
  }

  scan(value: string): Scan {
    const { length } = value
    this.#state = 0
    this.#mask = 0
    if (length > STRETCH) return this.#scanLong(value)
    const count = this.#read(value, 0, length)
    const hits = count === 0 ? NO_HITS : this.#note(count, this.#beginHits())
    return { mask: this.#mask, length, hits }
  }

  #scanLong(value: string): Scan {
    const { length } = value
    const hits = this.#beginHits()
    for (let from = 0; from < length; from += STRETCH) {
      this.#note(this.#read(value, from, Math.min(from + STRETCH, length)), hits)
    }
    return { mask: this.#mask, length, hits }
  }

  /** Reads one stretch; how many literals ended in it. All is in local variables: this is the loop over every byte. */
  #read(value: string, from: number, end: number): number {
    const { classOf, next, shift, firstHit } = this.#automaton
    const reached = this.#reached
    const kinds = kindOf
    let state = this.#state
    let mask = this.#mask
    let count = 0
    for (let i = from; i < end; i++) {
      const byte = value.charCodeAt(i) & 0xff
      mask |= kinds[byte] as number
      state = next[(state << shift) | (classOf[byte] as number)] as number
      if (state >= firstHit) reached[count++] = state
    }
    this.#state = state
    this.#mask = mask
    return count
  }

  /** Goes on with a value that was scanned up to `before.length`, for so many bytes at most. */
  scanMore(value: string, before: Scan, bytes: number): Scan {
    const end = Math.min(before.length + bytes, value.length)
    // A literal may have begun in what was scanned already.
    const { mask, hits } = this.scan(value.slice(Math.max(before.length - this.longest, 0), end))
    return { mask: before.mask | mask, length: end, hits: [...new Set([...before.hits, ...hits])] }
  }

  /** Adds what the first states of `#reached` stand for, each once in a pass, and its twins to the mask. */
  #note(count: number, hits: number[]): number[] {
    const { hitOf } = this.#automaton
    const reached = this.#reached
    const notedIn = this.#notedIn
    const pass = this.#pass
    let mask = this.#mask
    for (let i = 0; i < count; i++) {
      const hit = hitOf[reached[i] as number] as number
      if (notedIn[hit] === pass) continue
      notedIn[hit] = pass
      mask |= this.#twinOf[hit] as number
      hits.push(hit)
    }
    this.#mask = mask
    return hits
  }

  #beginHits(): number[] {
    this.#pass = (this.#pass + 1) >>> 0
    if (this.#pass === 0) {
      // Once in four thousand million passes their numbers begin anew.
      this.#notedIn.fill(0)
      this.#pass = 1
    }
    return []
  }
}
