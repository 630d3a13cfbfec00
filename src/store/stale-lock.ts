import { EdgeError } from '../errors.ts'

/** What the holder of a lock is told that somebody else has taken since. */
export function staleLock(name: string): EdgeError {
  const message = `the lock ${name} was lost to another acme-edge while this one did not run or could not reach the store; nothing was changed, and it may be tried again`
  return new EdgeError('ACME_EDGE_STORE_STALE', message)
}
