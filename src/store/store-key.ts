import { EdgeError } from '../errors.ts'

const segmentPattern = /^[A-Za-z0-9._@*-]{1,200}$/

/**
 * The segments of a store key, safe to join to a folder: no traversal, no absolute path, no `~` (that is the store's own
 * suffix). Throws ACME_EDGE_STORE_KEY_INVALID.
 */
export function parseKey(key: string): readonly string[] {
  const segments = key.split('/')
  const bad = segments.find((segment) => !segmentPattern.test(segment) || segment === '.' || segment === '..')
  if (bad !== undefined || segments.length > 8) {
    throw new EdgeError('ACME_EDGE_STORE_KEY_INVALID', `${JSON.stringify(key)} cannot be a key of the store`)
  }
  return segments
}
