import { Cell, Entry } from './entry.ts'

/** A writable collection (TX, ENV, IP …): names compare without case and keep the spelling they were first set with. */
export class Collection {
  readonly name: string
  readonly #entries = new Map<string, readonly [Entry]>()

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

  set(key: string, value: string): void {
    const lowerKey = key.toLowerCase()
    const spelling = this.#entries.get(lowerKey)?.[0].key ?? key
    this.#entries.set(lowerKey, [new Entry(this.name, spelling, new Cell(value))])
  }

  delete(lowerKey: string): void {
    this.#entries.delete(lowerKey)
  }
}
