import { detach } from './detach.ts'
import { Cell } from './entry.ts'

/** Longer values hardly ever come twice. */
const LONGEST_VALUE = 256
/** Places for cells, and to note a value that was seen once; powers of two. What comes to a place that is taken has it. */
const PLACES = 4096
const SIGHTINGS = 8192
/** Bytes at either end that a hash is made of. */
const HASHED_BYTES = 16

/**
 * Many values come again and again in real traffic: names, most header fields, choices in forms. The cell of a value that
 * comes a second time is kept from one transaction to the next, with its transformations and what screening found. Sound,
 * since all of it depends on the value and the program alone.
 */
export class CellMemory {
  readonly #life: 'passing' | 'kept'
  /** Hashes of values, by their last bits: two values with one hash are only kept early. */
  readonly #sightings = new Uint32Array(SIGHTINGS)
  readonly #cells = new Array<Cell | undefined>(PLACES).fill(undefined)

  /** @param life `passing`: nothing is remembered, every transaction finds out for itself */
  constructor(life: 'passing' | 'kept') {
    this.#life = life
  }

  cellOf(raw: string): Cell {
    if (this.#life === 'passing' || raw.length > LONGEST_VALUE) return new Cell(raw)
    const hash = hashOf(raw)
    const known = this.#cells[hash & (PLACES - 1)]
    if (known !== undefined && known.raw === raw) return known
    if (this.#sightings[hash & (SIGHTINGS - 1)] === hash) return this.#keep(raw, hash)
    this.#sightings[hash & (SIGHTINGS - 1)] = hash
    return new Cell(raw)
  }

  #keep(raw: string, hash: number): Cell {
    const cell = new Cell(detach(raw), 'kept')
    this.#cells[hash & (PLACES - 1)] = cell
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
  return (hash ^ (hash >>> 15)) >>> 0
}
