import type { Store } from '../../src/store/contract.ts'

export interface MemoryStore extends Store {
  readonly values: Map<string, Buffer>
  /** Keys, in the order in which they were written. */
  readonly written: string[]
  /** While set, every write fails with it. */
  failure: Error | undefined
}

/** A store that forgets everything; for tests of what is built on one. */
export function createMemoryStore(values = new Map<string, Buffer>()): MemoryStore {
  const store: MemoryStore = {
    values,
    written: [],
    failure: undefined,
    read: async (key) => values.get(key),
    async write(key, value) {
      if (store.failure !== undefined) throw store.failure
      store.written.push(key)
      values.set(key, Buffer.from(value))
    },
    remove: async (key) => void values.delete(key),
    list: async (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)).sort(),
    lock: async () => ({ fencing: 1, release: async () => undefined }),
  }
  return store
}
