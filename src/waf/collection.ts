import { detach } from './detach.ts'
import { Cell, Entry } from './entry.ts'

export interface CollectionLimits {
  /** More names than this are not taken in. */
  readonly names: number
  /** Longer names and values are cut. */
  readonly bytes: number
}

/** A writable collection (TX, ENV, IP …): names compare without case and keep the spelling they were first set with. */
export class Collection {
  readonly name: string
  readonly #limits: CollectionLimits | undefined
  readonly #entries = new Map<string, readonly [Entry]>()
  /** Goes up with every change: whoever keeps values can tell that they are stale. */
  version = 0
  /** Milliseconds since 1970 by name, where `expirevar` set one. */
  #expiries: Map<string, number> | undefined

  /** @param limits for one that outlives its transaction; default: none */
  constructor(name: string, limits?: CollectionLimits) {
    this.name = name
    this.#limits = limits
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
    if (this.#limits === undefined) return this.#set(key, value)
    const { names, bytes } = this.#limits
    const isNew = !this.#entries.has(key.toLowerCase())
    if (!isNew || this.#entries.size < names) this.#set(detach(key.slice(0, bytes)), detach(value.slice(0, bytes)))
  }

  #set(key: string, value: string): void {
    this.version++
    const lowerKey = key.toLowerCase()
    const spelling = this.#entries.get(lowerKey)?.[0].key ?? key
    this.#entries.set(lowerKey, [new Entry(this.name, spelling, new Cell(value))])
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
