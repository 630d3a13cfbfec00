import { detach } from './detach.ts'
import { Cell } from './entry.ts'

/** Longer values hardly ever come twice. */
const LONGEST_VALUE = 256
/** Pairs of places for cells, and places to note a value that was seen once or twice; powers of two. */
const PAIRS = 2048
const SIGHTINGS = 8192
/** Above every hash: says of a sighting that it was the second one. */
const TWICE = 0x80000000
/** Bytes at either end that a hash is made of. */
const HASHED_BYTES = 16

/**
 * Many values come again and again in real traffic: names, most header fields, choices in forms. The cell of a value that
 * comes a third time is kept from one transaction to the next, with its transformations and what screening found. (From the second
 * on, many would be kept that came twice by chance, like numbers of pages; they live just long enough to cost V8 full collections.) Sound,
 * since all of it depends on the value and the program alone.
 */
export class CellMemory {
  /** `passing`: nothing is remembered, every transaction finds out for itself. */
  readonly life: 'passing' | 'kept'
  /** Hashes of values, by their last bits: two values with one hash are only kept early. */
  readonly #sightings = new Uint32Array(SIGHTINGS)
  /** Of each pair the first was used last: a newcomer takes the place of the second. */
  readonly #first = new Array<Cell | undefined>(PAIRS).fill(undefined)
  readonly #second = new Array<Cell | undefined>(PAIRS).fill(undefined)

  constructor(life: 'passing' | 'kept') {
    this.life = life
  }

  cellOf(raw: string): Cell {
    if (this.life === 'passing' || raw.length > LONGEST_VALUE) return new Cell(raw)
    const hash = hashOf(raw)
    const pair = hash & (PAIRS - 1)
    const first = this.#first[pair]
    if (first !== undefined && first.raw === raw) return first
    const second = this.#second[pair]
    if (second !== undefined && second.raw === raw) return this.#use(second, pair)
    const place = hash & (SIGHTINGS - 1)
    const seen = this.#sightings[place] as number
    if (seen === hash + TWICE) return this.#keep(new Cell(detach(raw), 'kept'), pair)
    this.#sightings[place] = seen === hash ? hash + TWICE : hash
    return new Cell(raw)
  }

  #use(cell: Cell, pair: number): Cell {
    this.#second[pair] = this.#first[pair]
    this.#first[pair] = cell
    return cell
  }

  /** A flood of new values empties one half of the memory: what is in use stays in the other. */
  #keep(cell: Cell, pair: number): Cell {
    this.#second[pair] = cell
    return cell
  }
}

/** Fowler, Noll and Vo's, over the ends of the text. */
function hashOf(text: string): number {
  const { length } = text
  let hash = 0x811c9dc5 ^ length
  const head = Math.min(length, HASHED_BYTES)
  for (let i = 0; i < head; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  for (let i = Math.max(head, length - HASHED_BYTES); i < length; i++)
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 15)) & 0x7fffffff // of the integers that V8 keeps without an object
}
