import { Cell, Entry } from './entry.ts'

export interface CollectionLimits {
  /** More names than this are not taken in. Default: no limit. */
  readonly most?: number
}

/** A writable collection (TX, ENV, IP …): names compare without case and keep the spelling they were first set with. */
export class Collection {
  readonly name: string
  readonly #most: number
  readonly #entries = new Map<string, readonly [Entry]>()
  /** Goes up with every change: whoever keeps values can tell that they are stale. */
  version = 0
  /** Milliseconds since 1970 by name, where `expirevar` set one. */
  #expiries: Map<string, number> | undefined

  constructor(name: string, { most = Number.POSITIVE_INFINITY }: CollectionLimits = {}) {
    this.name = name
    this.#most = most
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
    this.version++
    const lowerKey = key.toLowerCase()
    const known = this.#entries.get(lowerKey)?.[0]
    if (known === undefined && this.#entries.size >= this.#most) return
    this.#entries.set(lowerKey, [new Entry(this.name, known?.key ?? key, new Cell(value))])
  }

  delete(lowerKey: string): void {
    if (!this.#entries.delete(lowerKey)) return
    this.version++
    this.#expiries?.delete(lowerKey)
  }

  /** The value is gone from that moment on. */
  expireAt(lowerKey: string, atMs: number): void {
    if (!this.#entries.has(lowerKey)) return
    this.#expiries ??= new Map()
    this.#expiries.set(lowerKey, atMs)
  }

  /** Drops what has expired; called when a transaction opens the collection. */
  expire(nowMs: number): void {
    for (const [lowerKey, atMs] of this.#expiries ?? []) {
      if (atMs <= nowMs) this.delete(lowerKey)
    }
  }
}
