import { detach } from './detach.ts'
import { Cell } from './entry.ts'

/** Longer values hardly ever come twice. */
const LONGEST_VALUE = 256
/** Cells in each of two generations: a flood of new values empties the memory, it does not fill the machine's. */
const CELLS_PER_GENERATION = 1024
/** Places to note a value that was seen once; a power of two. */
const SIGHTINGS = 8192

/**
 * Many values come again and again in real traffic: names, most header fields, choices in forms. The cell of a value that
 * comes a second time is kept from one transaction to the next, with its transformations and what screening found. Sound,
 * since all of it depends on the value and the program alone.
 */
export class CellMemory {
  readonly #life: 'passing' | 'kept'
  /** Hashes of values, by their last bits: two values with one hash are only kept early. */
  readonly #sightings = new Uint32Array(SIGHTINGS)
  #young = new Map<string, Cell>()
  #old = new Map<string, Cell>()

  /** @param life `passing`: nothing is remembered, every transaction finds out for itself */
  constructor(life: 'passing' | 'kept') {
    this.#life = life
  }

  cellOf(raw: string): Cell {
    if (this.#life === 'passing' || raw.length > LONGEST_VALUE || this.#isNew(raw)) return new Cell(raw)
    return this.#young.get(raw) ?? this.#keep(raw)
  }

  #isNew(raw: string): boolean {
    const hash = hashOf(raw)
    const place = hash & (SIGHTINGS - 1)
    if (this.#sightings[place] === hash) return false
    this.#sightings[place] = hash
    return true
  }

  #keep(raw: string): Cell {
    const own = detach(raw)
    const cell = this.#old.get(raw) ?? new Cell(own, 'kept')
    if (this.#young.size >= CELLS_PER_GENERATION) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(own, cell)
    return cell
  }
}

/** Fowler, Noll and Vo's. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
