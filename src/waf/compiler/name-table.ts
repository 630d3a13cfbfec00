import type { CompiledOperator } from '../operators/operator.ts'

/** TX:0 to TX:9 are what `capture` writes: their slots are their names. */
const CAPTURES = 10

/**
 * The names of TX that the rules themselves say, each with a slot: where a member is kept is worked out at load, not looked
 * up by each rule. Complete before the first transaction.
 */
export class NameTable {
  readonly #slots = new Map<string, number>()
  /** Every spelling that the rules use, with its slot. */
  readonly #spellings = new Map<string, number>()
  readonly #matching = new Map<CompiledOperator, readonly number[]>()

  constructor() {
    for (let i = 0; i < CAPTURES; i++) this.slotOf(String(i))
  }

  get size(): number {
    return this.#slots.size
  }

  /** At load: the slot of a name that a rule says. */
  slotOf(name: string): number {
    const lowerName = name.toLowerCase()
    const slot = this.#slots.get(lowerName) ?? this.#slots.size
    this.#slots.set(lowerName, slot)
    this.#spellings.set(name, slot)
    return slot
  }

  /** `undefined`: no rule says that name. */
  find(lowerName: string): number | undefined {
    return this.#slots.get(lowerName)
  }

  isSpelling(name: string): boolean {
    return this.#spellings.has(name)
  }

  /** In a transaction: the slots of which some spelling matches a selector. */
  matching(selector: CompiledOperator): readonly number[] {
    const known = this.#matching.get(selector)
    if (known !== undefined) return known
    const found = new Set<number>()
    for (const [name, slot] of this.#spellings) if (selector.test(name)) found.add(slot)
    this.#matching.set(selector, [...found])
    return [...found]
  }
}
