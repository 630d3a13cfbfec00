import { Collection } from './collection.ts'
import { detach } from './detach.ts'

/** A flood of new keys (addresses, User-Agents) pushes out the oldest instead of filling the memory. */
const MOST_COLLECTIONS = 10_000
/** Names and values may come from requests, too. */
const LIMITS = { names: 200, bytes: 1024 }

export const persistentNames = ['ip', 'global', 'session', 'user', 'resource'] as const
export type PersistentName = (typeof persistentNames)[number]

export function isPersistentName(lowerName: string): lowerName is PersistentName {
  return (persistentNames as readonly string[]).includes(lowerName)
}

interface Held {
  readonly collection: Collection
  expiresAtMs: number
}

/** IP, GLOBAL, SESSION, USER and RESOURCE: shared by the transactions of one process, kept in memory only. */
export class PersistentCollections {
  readonly #held = new Map<string, Held>()

  /** The collection of that name and key, new when there is none or it has outlived its timeout since it was last opened. */
  open(name: PersistentName, key: string, options: { nowMs: number; timeoutSeconds: number }): Collection {
    const address = detach(`${name} ${key}`)
    const known = this.#held.get(address)
    const isAlive = known !== undefined && known.expiresAtMs > options.nowMs
    const collection = isAlive ? known.collection : create(name, key)
    collection.expire(options.nowMs)
    this.#held.delete(address)
    this.#held.set(address, { collection, expiresAtMs: options.nowMs + options.timeoutSeconds * 1000 })
    this.#evict()
    return collection
  }

  #evict(): void {
    if (this.#held.size <= MOST_COLLECTIONS) return
    const [oldest] = this.#held.keys()
    if (oldest !== undefined) this.#held.delete(oldest)
  }
}

function create(name: PersistentName, key: string): Collection {
  const collection = new Collection(name.toUpperCase(), LIMITS)
  collection.set('KEY', key)
  return collection
}
