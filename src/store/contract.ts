/**
 * What acme-edge needs from a store, whichever it is. Keys are `/`-separated segments of `[A-Za-z0-9._@*-]` ("..", "." and
 * empty segments are refused); values are bytes. A missing key is `undefined`, never an error. A store that cannot be
 * reached fails within seconds, with ACME_EDGE_STORE_UNREADABLE or …_UNWRITABLE; it never hangs.
 */
export interface Store {
  read(key: string): Promise<Buffer | undefined>
  /** Atomic and durable: after a crash the key holds the old value or the new one. Secret by default (0600). */
  write(key: string, value: Buffer | string, options?: WriteOptions): Promise<void>
  remove(key: string, options?: WriteOptions): Promise<void>
  /** Keys under a prefix, sorted by byte. */
  list(prefix: string): Promise<string[]>
  /**
   * Exclusive lock; waits until it is free or the signal aborts (ACME_EDGE_STORE_BUSY). A dead holder's lock is taken over:
   * at once where its death can be seen, otherwise when its lease has ended.
   */
  lock(name: string, signal: AbortSignal): Promise<StoreLock>
}

export interface WriteOptions {
  /**
   * The lock of this same store that the change is made under. When somebody has taken it since, nothing is changed and
   * ACME_EDGE_STORE_STALE is thrown: a process that was paused cannot overwrite what its successor wrote.
   */
  readonly lock?: StoreLock | undefined
}

export interface StoreLock {
  readonly name: string
  /** Grows with every acquisition of this name. */
  readonly fencing: number
  /** Aborts, with ACME_EDGE_STORE_STALE as its reason, once the holder can no longer be sure to hold the lock. */
  readonly signal: AbortSignal
  /** Never fails where the lock is lost already. */
  release(): Promise<void>
}
