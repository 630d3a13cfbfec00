import { Cell, Entry } from './entry.ts'

/** What `setvar` writes to: TX, or a persistent collection that the transaction has opened. */
export interface WritableCollection {
  set(name: string, value: string): void
  /** To the number that the value begins with, or to 0. */
  add(name: string, delta: number): void
  delete(lowerKey: string): void
}

/** A collection of one transaction (ENV, ARGS_PATH): names compare without case and keep the spelling they were first set with. */
export class Collection {
  readonly name: string
  readonly #entries = new Map<string, readonly [Entry]>()
  /** Goes up with every change: whoever keeps values can tell that they are stale. */
  version = 0

  constructor(name: string) {
    this.name = name
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

  delete(lowerKey: string): void {
    if (this.#entries.delete(lowerKey)) this.version++
  }
}
