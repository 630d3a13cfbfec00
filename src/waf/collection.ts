import { Cell, Entry } from './entry.ts'
import { toNumber } from './to-number.ts'

/** What `setvar` writes to: TX, or a persistent collection that the transaction has opened. */
export interface WritableCollection {
  set(name: string, value: string): void
  /** To the number that the value begins with, or to 0. */
  add(name: string, delta: number): void
  delete(lowerKey: string): void
}

/** A collection of one transaction (TX, ENV): names compare without case and keep the spelling they were first set with. */
export class Collection implements WritableCollection {
  readonly name: string
  readonly #entries = new Map<string, readonly [Entry]>()
  /** Goes up with every change: whoever keeps values can tell that they are stale. */
  version = 0

  constructor(name: string) {
    this.name = name
  }

  get(lowerKey: string): string | undefined {
    return this.#entries.get(lowerKey)?.[0].cell.raw
  }

  find(lowerKey: string): readonly Entry[] {
    return this.#entries.get(lowerKey) ?? []
  }

  entries(): readonly Entry[] {
    return Array.from(this.#entries.values(), ([entry]) => entry)
  }

  set(name: string, value: string): void {
    this.version++
    const lowerKey = name.toLowerCase()
    const spelling = this.#entries.get(lowerKey)?.[0].key ?? name
    this.#entries.set(lowerKey, [new Entry(this.name, spelling, new Cell(value))])
  }

  /** What `set` would do, with a member that is the same in all transactions. */
  put(lowerKey: string, member: readonly [Entry]): void {
    const known = this.#entries.get(lowerKey)?.[0]
    if (known !== undefined && known.key !== member[0].key) return this.set(known.key ?? lowerKey, member[0].cell.raw)
    this.version++
    this.#entries.set(lowerKey, member)
  }

  add(name: string, delta: number): void {
    this.set(name, String(toNumber(this.get(name.toLowerCase()) ?? '') + delta))
  }

  delete(lowerKey: string): void {
    if (this.#entries.delete(lowerKey)) this.version++
  }
}
