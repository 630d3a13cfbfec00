import { kindOf, twins } from './byte-kinds.ts'
import { buildAutomaton, type LiteralAutomaton } from './literal-automaton.ts'
import { groupByStem, isThere, STEM_BYTES, type Stemmed } from './literal-stems.ts'

/** What one pass over a string found. */
export interface Scan {
  /** Kinds of its bytes, and twins. */
  readonly mask: number
  readonly length: number
  /** Numbers of the literals that are somewhere in it, each once: indexes of `LiteralScanner.literals`. */
  readonly hits: readonly number[]
}

const NO_HITS: readonly number[] = Object.freeze([])
/** So many bytes are read before what they hit is looked at. */
const STRETCH = 4096
/** Shorter ones are read in one lane: the others would first have to read what literals may begin in. */
const LANES_FROM = 192
/** So many more literals than it has bytes a string may begin and not go on with; from then on all that begin count as found. */
const MOST_MISSES = 1024

/**
 * One automaton over the first bytes of all rules' literals, and the kinds of bytes in the same pass: two table look-ups a
 * byte, however many rules there are. Where one begins, the rest is compared. Case is ignored.
 */
export class LiteralScanner {
  /** Bytes of the longest literal. */
  readonly longest: number
  /** By number of the hit. */
  readonly literals: readonly string[]
  readonly #automaton: LiteralAutomaton
  /** By number of what the automaton finds: the literals that begin so. */
  readonly #groups: readonly (readonly Stemmed[])[]
  /** The pass in which all of a group had been found. */
  readonly #doneIn: Uint32Array
  readonly #twinOf: Int32Array
  /** The pass in which a hit was noted last. */
  readonly #notedIn: Uint32Array
  #pass = 0
  #misses = 0
  /** States of a stretch in which stems ended, and where. */
  readonly #reached = new Uint32Array(STRETCH + 4 * STEM_BYTES) // lanes read a little twice
  readonly #ends = new Uint32Array(this.#reached.length)
  /** At the end of the stretch. */
  #state = 0
  #mask = 0

  constructor(literals: Iterable<string>) {
    const texts = new Set([...literals, ...twins.map(([text]) => text)])
    texts.delete('')
    this.literals = [...texts]
    this.longest = this.literals.reduce((longest, { length }) => Math.max(longest, length), 0)
    this.#automaton = buildAutomaton(new Set(this.literals.map((literal) => literal.slice(0, STEM_BYTES))))
    this.#groups = groupByStem(this.literals, this.#automaton.endings)
    this.#doneIn = new Uint32Array(this.#groups.length)
    const bitOf = new Map(twins)
    this.#twinOf = Int32Array.from(this.literals, (literal) => bitOf.get(literal) ?? 0)
    this.#notedIn = new Uint32Array(this.literals.length)
  }

  scan(value: string): Scan {
    const { length } = value
    this.#state = 0
    this.#mask = 0
    if (length > STRETCH) return this.#scanLong(value)
    const count = this.#read(value, 0, length)
    const hits = count === 0 ? NO_HITS : this.#note(value, count, this.#beginHits())
    return { mask: this.#mask, length, hits }
  }

  #scanLong(value: string): Scan {
    const { length } = value
    const hits = this.#beginHits()
    for (let from = 0; from < length; from += STRETCH) {
      this.#note(value, this.#read(value, from, Math.min(from + STRETCH, length)), hits)
    }
    return { mask: this.#mask, length, hits }
  }

  /** Reads one stretch; how many stems ended in it. All is in local variables: this is the loop over every byte. */
  #read(value: string, from: number, end: number): number {
    if (end - from >= LANES_FROM) return this.#readInLanes(value, from, end)
    const { classOf, next, shift, firstHit } = this.#automaton
    const reached = this.#reached
    const ends = this.#ends
    const kinds = kindOf
    let state = this.#state
    let mask = this.#mask
    let count = 0
    for (let i = from; i < end; i++) {
      const byte = value.charCodeAt(i) & 0xff
      mask |= kinds[byte] as number
      state = next[(state << shift) | (classOf[byte] as number)] as number
      if (state >= firstHit) {
        reached[count] = state
        ends[count++] = i + 1
      }
    }
    this.#state = state
    this.#mask = mask
    return count
  }

  /**
   * The same in four lanes side by side: the next state can only be looked up when the one before is there, and four that
   * wait for their own take the time of one. A lane begins early enough that no stem is cut in two.
   */
  #readInLanes(value: string, from: number, end: number): number {
    const { classOf, next, shift, firstHit } = this.#automaton
    const reached = this.#reached
    const ends = this.#ends
    const kinds = kindOf
    const early = STEM_BYTES - 1
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
      if (state >= firstHit) {
        reached[count] = state
        ends[count++] = from + i + 1
      }
      if (state1 >= firstHit) {
        reached[count] = state1
        ends[count++] = begin1 + i + 1
      }
      if (state2 >= firstHit) {
        reached[count] = state2
        ends[count++] = begin2 + i + 1
      }
      if (state3 >= firstHit) {
        reached[count] = state3
        ends[count++] = begin3 + i + 1
      }
    }
    for (let i = begin3 + quarter; i < end; i++) {
      const byte = value.charCodeAt(i) & 0xff
      mask |= kinds[byte] as number
      state3 = next[(state3 << shift) | (classOf[byte] as number)] as number
      if (state3 >= firstHit) {
        reached[count] = state3
        ends[count++] = i + 1
      }
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

  /** Adds the literals that begin with the first stems of `#reached`, each once in a pass, and the twins among them to the mask. */
  #note(value: string, count: number, hits: number[]): number[] {
    const { hitOf } = this.#automaton
    const pass = this.#pass
    for (let i = 0; i < count; i++) {
      const found = hitOf[this.#reached[i] as number] as number
      if (this.#doneIn[found] === pass) continue
      if (this.#compare(this.#groups[found] as readonly Stemmed[], value, this.#ends[i] as number, hits))
        this.#doneIn[found] = pass
    }
    return hits
  }

  /** Notes those of the literals that are there behind their stem; whether this pass has found all of them. */
  #compare(group: readonly Stemmed[], value: string, end: number, hits: number[]): boolean {
    const notedIn = this.#notedIn
    const pass = this.#pass
    let isDone = true
    for (let i = 0; i < group.length; i++) {
      const { number, rest } = group[i] as Stemmed // below its length
      if (notedIn[number] === pass) continue
      if (rest !== '' && this.#misses < value.length + MOST_MISSES && !isThere(rest, value, end)) {
        this.#misses++
        isDone = false
        continue
      }
      notedIn[number] = pass
      this.#mask |= this.#twinOf[number] as number
      hits.push(number)
    }
    return isDone
  }

  #beginHits(): number[] {
    this.#pass = (this.#pass + 1) >>> 0
    this.#misses = 0
    if (this.#pass === 0) {
      // Once in four thousand million passes their numbers begin anew.
      this.#notedIn.fill(0)
      this.#doneIn.fill(0)
      this.#pass = 1
    }
    return []
  }
}
