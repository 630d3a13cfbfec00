import type { Store, StoreLock } from './contract.ts'

/** The same store for what is done under a lock: whatever it changes is refused once somebody else has taken the lock. */
export function underLock(store: Store, lock: StoreLock): Store {
  return {
    ...store,
    write: (key, value, options) => store.write(key, value, { lock, ...options }),
    remove: (key, options) => store.remove(key, { lock, ...options }),
  }
}
