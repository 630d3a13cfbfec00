/**
 * What acme-edge needs from a store, whichever it is. Keys are `/`-separated segments of `[A-Za-z0-9._@*-]` ("..", "." and
 * empty segments are refused); values are bytes. A missing key is `undefined`, never an error.
 */
export interface Store {
  read(key: string): Promise<Buffer | undefined>
  /** Atomic and durable: after a crash the key holds the old value or the new one. Secret by default (0600). */
  write(key: string, value: Buffer | string): Promise<void>
  remove(key: string): Promise<void>
  /** Keys under a prefix, sorted by byte. */
  list(prefix: string): Promise<string[]>
  /** Exclusive lock; waits until it is free or the signal aborts. A dead holder's lock is taken over. */
  lock(name: string, signal: AbortSignal): Promise<StoreLock>
}

export interface StoreLock {
  /** Grows with every acquisition of this name. */
  readonly fencing: number
  release(): Promise<void>
}
