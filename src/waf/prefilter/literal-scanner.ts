import { kindOf, twins } from './byte-kinds.ts'

/** What one pass over a string found. */
export interface Scan {
  /** Kinds of its bytes, and twins. */
  readonly mask: number
  readonly length: number
  /** Numbers of what ended somewhere in it, each once: indexes of `LiteralScanner.endings`. */
  readonly hits: readonly number[]
}

const NO_HITS: readonly number[] = Object.freeze([])

/**
 * One automaton (Aho and Corasick's) over the literals of all rules, and the kinds of bytes in the same pass: two table
 * look-ups a byte, however many rules there are. Case is ignored.
 */
export class LiteralScanner {
  /** Bytes of the longest literal. */
  readonly longest: number
  /** The literals that end where a hit is noted, by its number; 0 is nobody's. */
  readonly endings: readonly (readonly string[])[]
  readonly #classOf: Uint8Array
  /** Next state by `state << shift | class`. */
  readonly #next: Uint16Array | Uint32Array
  readonly #shift: number
  /** What is noted on reaching a state: 0 for most. */
  readonly #hitOf: Uint32Array
  readonly #twinOf: Int32Array
  /** The pass in which a hit was noted last. */
  readonly #notedIn: Uint32Array
  #pass = 0

  constructor(literals: Iterable<string>) {
    const trie = new Trie([...new Set([...literals, ...twins.map(([text]) => text)])])
    this.longest = trie.longest
    this.#classOf = trie.classOf
    this.#shift = trie.shift
    this.#next = trie.next
    const { hitOf, endings } = trie.endings()
    this.#hitOf = hitOf
    this.endings = endings
    this.#twinOf = Int32Array.from(endings, (texts) => {
      return twins.reduce((bits, [text, bit]) => (texts.includes(text) ? bits | bit : bits), 0)
    })
    this.#notedIn = new Uint32Array(endings.length)
  }

  scan(value: string): Scan {
    const classOf = this.#classOf
    const next = this.#next
    const shift = this.#shift
    const hitOf = this.#hitOf
    const { length } = value
    let mask = 0
    let state = 0
    let hits: number[] | undefined
    for (let i = 0; i < length; i++) {
      const byte = value.charCodeAt(i) & 0xff
      mask |= kindOf[byte] as number
      state = next[(state << shift) | (classOf[byte] as number)] as number
      const hit = hitOf[state] as number
      if (hit === 0) continue
      if (hits === undefined) {
        hits = []
        this.#pass = (this.#pass + 1) >>> 0
        if (this.#pass === 0) this.#forgetPasses()
      }
      if (this.#notedIn[hit] === this.#pass) continue
      this.#notedIn[hit] = this.#pass
      mask |= this.#twinOf[hit] as number
      hits.push(hit)
    }
    return { mask, length, hits: hits ?? NO_HITS }
  }

  /** Goes on with a value that was scanned up to `before.length`, for so many bytes at most. */
  scanMore(value: string, before: Scan, bytes: number): Scan {
    const end = Math.min(before.length + bytes, value.length)
    // A literal may have begun in what was scanned already.
    const { mask, hits } = this.scan(value.slice(Math.max(before.length - this.longest, 0), end))
    return { mask: before.mask | mask, length: end, hits: [...new Set([...before.hits, ...hits])] }
  }

  /** Once in four thousand million passes their numbers begin anew. */
  #forgetPasses(): void {
    this.#notedIn.fill(0)
    this.#pass = 1
  }
}

/** The automaton while it is built: a trie whose missing edges become those of each state's longest proper suffix. */
class Trie {
  readonly classOf = new Uint8Array(256)
  readonly longest: number
  readonly shift: number
  readonly next: Uint16Array | Uint32Array
  readonly #literals: readonly string[]
  readonly #suffixOf: Uint32Array
  /** Literal that is a state's whole path; -1 for most. */
  readonly #literalOf: Int32Array
  /** States in the order of their depth, without the root. */
  readonly #order: number[] = []

  constructor(literals: readonly string[]) {
    this.#literals = literals
    this.longest = literals.reduce((longest, { length }) => Math.max(longest, length), 0)
    const classCount = this.#classify()
    this.shift = 32 - Math.clz32(classCount - 1)
    const count = countStates(literals)
    this.next = count <= 0x10000 ? new Uint16Array(count << this.shift) : new Uint32Array(count << this.shift)
    this.#literalOf = new Int32Array(count).fill(-1)
    this.#insert(this.next)
    this.#suffixOf = new Uint32Array(count)
    this.#link(this.next)
  }

  /** For each state the number of its ending, and what ends there: its own literal and those of its suffixes. */
  endings(): { hitOf: Uint32Array; endings: (readonly string[])[] } {
    const hitOf = new Uint32Array(this.#suffixOf.length)
    const endings: (readonly string[])[] = [[]]
    for (const state of this.#order) {
      const suffix = hitOf[this.#suffixOf[state] ?? 0] ?? 0
      const literal = this.#literals[this.#literalOf[state] ?? -1]
      if (literal === undefined) hitOf[state] = suffix
      else hitOf[state] = endings.push([literal, ...(endings[suffix] ?? [])]) - 1
    }
    return { hitOf, endings }
  }

  /** Bytes that stand in no literal share class 0. */
  #classify(): number {
    let count = 1
    for (const literal of this.#literals) {
      for (let i = 0; i < literal.length; i++) {
        const byte = literal.charCodeAt(i)
        if (this.classOf[byte] === 0) this.classOf[byte] = count++
      }
    }
    for (let upper = 0x41; upper <= 0x5a; upper++) this.classOf[upper] = this.classOf[upper + 0x20] ?? 0
    return Math.max(count, 2)
  }

  #insert(next: Uint16Array | Uint32Array): void {
    let count = 1
    for (const [number, literal] of this.#literals.entries()) {
      let state = 0
      for (let i = 0; i < literal.length; i++) {
        const edge = (state << this.shift) | (this.classOf[literal.charCodeAt(i)] ?? 0)
        if (next[edge] === 0) next[edge] = count++
        state = next[edge] ?? 0
      }
      this.#literalOf[state] = number
    }
  }

  #link(next: Uint16Array | Uint32Array): void {
    const classes = 1 << this.shift
    const queue = [0]
    for (let head = 0; head < queue.length; head++) {
      const state = queue[head] ?? 0
      const suffix = this.#suffixOf[state] ?? 0
      for (let byteClass = 1; byteClass < classes; byteClass++) {
        const inherited = state === 0 ? 0 : (next[(suffix << this.shift) | byteClass] ?? 0)
        const edge = (state << this.shift) | byteClass
        const child = next[edge] ?? 0
        if (child === 0) next[edge] = inherited
        else {
          this.#suffixOf[child] = inherited
          queue.push(child)
          this.#order.push(child)
        }
      }
    }
  }
}

/** Of the trie: the root, and for each literal what it does not share with the one before it. */
function countStates(literals: readonly string[]): number {
  let count = 1
  let before = ''
  for (const literal of literals.toSorted()) {
    let shared = 0
    while (shared < literal.length && literal[shared] === before[shared]) shared++
    count += literal.length - shared
    before = literal
  }
  return count
}
