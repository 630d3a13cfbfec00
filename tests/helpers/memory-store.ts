import { setTimeout as delay } from 'node:timers/promises'
import { EdgeError } from '../../src/errors.ts'
import type { Store, StoreLock } from '../../src/store/contract.ts'
import { staleLock } from '../../src/store/stale-lock.ts'
import { parseKey } from '../../src/store/store-key.ts'

export interface MemoryStore extends Store {
  readonly values: Map<string, Buffer>
  /** Keys, in the order in which they were written. */
  readonly written: string[]
  /** While set, every write fails with it. */
  failure: Error | undefined
  /** Takes a lock away from its holder, as the end of its lease would. */
  breakLock(name: string): void
}

interface Held {
  readonly fencing: number
  /** `undefined`: free. */
  readonly lost: AbortController | undefined
}

/** A store that forgets everything; for tests of what is built on one. */
export function createMemoryStore(values = new Map<string, Buffer>()): MemoryStore {
  const locks = new Map<string, Held>()
  const check = (lock: StoreLock | undefined) => {
    if (lock !== undefined && (locks.get(lock.name)?.fencing ?? 0) > lock.fencing) throw staleLock(lock.name)
  }
  const store: MemoryStore = {
    values,
    written: [],
    failure: undefined,
    read: async (key) => values.get(checked(key)),
    async write(key, value, { lock } = {}) {
      if (store.failure !== undefined) throw store.failure
      check(lock)
      store.written.push(key)
      values.set(checked(key), Buffer.from(value))
    },
    async remove(key, { lock } = {}) {
      check(lock)
      values.delete(checked(key))
    },
    list: async (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)).sort(),
    async lock(name, signal) {
      while (locks.get(checked(name))?.lost !== undefined) await delay(2, undefined, { signal }).catch(busy)
      const fencing = (locks.get(name)?.fencing ?? 0) + 1
      const lost = new AbortController()
      locks.set(name, { fencing, lost })
      const release = async () => {
        if (locks.get(name)?.lost === lost) locks.set(name, { fencing, lost: undefined })
      }
      return { name, fencing, signal: lost.signal, release }
    },
    breakLock(name) {
      const held = locks.get(name)
      if (held === undefined) return
      locks.set(name, { fencing: held.fencing, lost: undefined })
      held.lost?.abort(staleLock(name))
    },
  }
  return store
}

function checked(key: string): string {
  return parseKey(key).join('/')
}

function busy(cause: unknown): never {
  throw new EdgeError('ACME_EDGE_STORE_BUSY', 'somebody else holds the lock', { cause })
}
