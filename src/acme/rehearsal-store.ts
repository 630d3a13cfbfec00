import type { Store } from '../store/contract.ts'

/**
 * A store for trying out: accounts are those of the real one (each CA keeps its own, and none is registered anew for every
 * try), whatever else is written goes to the other and with it.
 */
export function rehearsalStore(real: Store, scratch: Store): Store {
  const of = (key: string): Store => (key.startsWith('accounts/') ? real : scratch)
  return {
    read: (key) => of(key).read(key),
    write: (key, value, options) => of(key).write(key, value, options),
    remove: (key, options) => of(key).remove(key, options),
    list: (prefix) => of(prefix).list(prefix),
    lock: (name, signal) => of(name).lock(name, signal),
  }
}
