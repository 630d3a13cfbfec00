import { randomBytes } from 'node:crypto'

export interface Nonces {
  issue(): string
  /** True once for each issued nonce; false when it was used before, was dropped for age, or never existed. */
  redeem(nonce: string): boolean
}

/**
 * Anti-replay nonces (RFC 8555 §6.5). At most `limit` (default 1024) are outstanding: a client that only collects them
 * pushes out the oldest, and whoever held those gets badNonce and a fresh one.
 */
export function createNonces(limit = 1024): Nonces {
  const outstanding = new Set<string>()
  return {
    issue() {
      if (outstanding.size >= limit) {
        for (const oldest of outstanding) {
          outstanding.delete(oldest)
          break
        }
      }
      const nonce = randomBytes(16).toString('base64url')
      outstanding.add(nonce)
      return nonce
    },
    redeem: (nonce) => outstanding.delete(nonce),
  }
}
