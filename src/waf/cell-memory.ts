import { detach } from './detach.ts'
import { Cell } from './entry.ts'

/** Longer values hardly ever come twice. */
const LONGEST_VALUE = 256
/** Cells in each of two generations: a flood of new values empties the memory, it does not fill the machine's. */
const CELLS_PER_GENERATION = 1024

/**
 * Header fields and names come again and again in real traffic: their cells are kept from one transaction to the next, with
 * their transformations and what screening found. Sound, since all of it depends on the value and the program alone.
 */
export class CellMemory {
  readonly #life: 'passing' | 'kept'
  #young = new Map<string, Cell>()
  #old = new Map<string, Cell>()

  /** @param life `passing`: nothing is remembered, every transaction finds out for itself */
  constructor(life: 'passing' | 'kept') {
    this.#life = life
  }

  cellOf(raw: string): Cell {
    if (this.#life === 'passing' || raw.length > LONGEST_VALUE) return new Cell(raw)
    return this.#young.get(raw) ?? this.#keep(raw)
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
