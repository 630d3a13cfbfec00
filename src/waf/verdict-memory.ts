import { detach } from './detach.ts'
import type { Cell } from './entry.ts'

/** Longer values hardly ever come twice. */
const LONGEST_VALUE = 256
/** Values in each of two generations: a flood of new values empties the memory, it does not fill the machine's. */
const VALUES_PER_GENERATION = 2048

/**
 * Remembers which rules do not match which values: most values of real traffic (User-Agent, Accept, names of fields …)
 * come again and again. Sound for rules whose operator has no macro: their answer depends on the value alone. Only
 * misses are remembered, so a match always runs in full.
 */
export class VerdictMemory {
  readonly #linkCount: number
  #young = new Map<string, Uint8Array>()
  #old = new Map<string, Uint8Array>()

  constructor(linkCount: number) {
    this.#linkCount = linkCount
  }

  /** Flags by the number of the link: 1 where the value is known not to match. `undefined`: not worth remembering. */
  missesOf(cell: Cell): Uint8Array | undefined {
    if (cell.misses !== undefined) return cell.misses
    const { raw } = cell
    if (raw.length > LONGEST_VALUE) return undefined
    cell.misses = this.#young.get(raw) ?? this.#remember(raw)
    return cell.misses
  }

  #remember(raw: string): Uint8Array {
    const misses = this.#old.get(raw) ?? new Uint8Array(this.#linkCount)
    if (this.#young.size >= VALUES_PER_GENERATION) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(detach(raw), misses)
    return misses
  }
}
