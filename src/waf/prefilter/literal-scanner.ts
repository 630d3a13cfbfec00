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
/** Shorter ones are read in one lane: the others would first have to read what literals may begin in. */
const LANES_FROM = 192

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
  readonly #reached: Uint32Array
  /** At the end of the stretch. */
  #state = 0
  #mask = 0

  constructor(literals: Iterable<string>) {
    const all = [...new Set([...literals, ...twins.map(([text]) => text)])]
    this.longest = all.reduce((longest, { length }) => Math.max(longest, length), 0)
    this.#automaton = buildAutomaton(all)
    this.endings = this.#automaton.endings
    this.#reached = new Uint32Array(STRETCH + 3 * this.longest) // lanes read a little twice
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
    if (end - from >= LANES_FROM) return this.#readInLanes(value, from, end)
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

  /**
   * The same in four lanes side by side: the next state can only be looked up when the one before is there, and four that
   * wait for their own take the time of one. A lane begins early enough that no literal is cut in two.
   */
  #readInLanes(value: string, from: number, end: number): number {
    const { classOf, next, shift, firstHit } = this.#automaton
    const reached = this.#reached
    const kinds = kindOf
    const early = this.longest - 1
    const quarter = (end - from + 3 * early) >> 2
    let [state, state1, state2, state3] = [this.#state, 0, 0, 0]
    let mask = this.#mask
    let count = 0
    // The first lane goes on from the stretch before, the last one reads what the division left, too.
    const [begin1, begin2, begin3] = [
      from + quarter - early,
      from + 2 * (quarter - early),
      from + 3 * (quarter - early),
    ]
    for (let i = 0; i < quarter; i++) {
      const byte = value.charCodeAt(from + i) & 0xff
      const byte1 = value.charCodeAt(begin1 + i) & 0xff
      const byte2 = value.charCodeAt(begin2 + i) & 0xff
      const byte3 = value.charCodeAt(begin3 + i) & 0xff
      mask |= (kinds[byte] as number) | (kinds[byte1] as number) | (kinds[byte2] as number) | (kinds[byte3] as number)
      state = next[(state << shift) | (classOf[byte] as number)] as number
      state1 = next[(state1 << shift) | (classOf[byte1] as number)] as number
      state2 = next[(state2 << shift) | (classOf[byte2] as number)] as number
      state3 = next[(state3 << shift) | (classOf[byte3] as number)] as number
      if (state >= firstHit) reached[count++] = state
      if (state1 >= firstHit) reached[count++] = state1
      if (state2 >= firstHit) reached[count++] = state2
      if (state3 >= firstHit) reached[count++] = state3
    }
    for (let i = begin3 + quarter; i < end; i++) {
      const byte = value.charCodeAt(i) & 0xff
      mask |= kinds[byte] as number
      state3 = next[(state3 << shift) | (classOf[byte] as number)] as number
      if (state3 >= firstHit) reached[count++] = state3
    }
    this.#state = state3
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
