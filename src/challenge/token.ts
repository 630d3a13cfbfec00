/** RFC 8555 §8.3: a token is base64url without padding; at least 128 bits of entropy are 22 characters. */
const tokenGrammar = /^[A-Za-z0-9_-]{22,128}$/

export const challengePrefix = '/.well-known/acme-challenge/'

export function isToken(text: string): boolean {
  return tokenGrammar.test(text)
}

/** The token of a target that is a challenge's, byte for byte: no query, no suffix, nothing encoded. */
export function tokenOfTarget(target: string): string | undefined {
  if (!target.startsWith(challengePrefix)) return undefined
  const token = target.slice(challengePrefix.length)
  return isToken(token) ? token : undefined
}
