import { createHmac, timingSafeEqual } from 'node:crypto'
import { maxIterations } from './decryption.ts'
import { children, type Element, FormatError, identifier, integer, octets } from './der.ts'
import { digestNames } from './object-identifiers.ts'
import { deriveFromPassword } from './password-key.ts'

const digestBytes: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

/**
 * MacData (RFC 7292 §4): an HMAC over the safes. Throws FormatError when the password does not fit or the content was changed: nobody can tell which.
 */
export function checkMac(macData: Element, content: Uint8Array, password: string): void {
  const [digestInfo, salt, iterations] = children(macData)
  const [algorithm, expected] = children(digestInfo)
  const name = identifier(children(algorithm)[0])
  const digest = digestNames[name]
  if (digest === undefined) throw new FormatError(`its MAC is made with ${name}, which is not known`)
  const count = iterations === undefined ? 1 : integer(iterations, maxIterations)
  const mac = compute({ digest, content, password, salt: octets(salt), iterations: count })
  const given = octets(expected)
  if (given.length !== mac.length || !timingSafeEqual(given, mac)) throw new FormatError('the password does not fit')
}

interface MacInput {
  readonly digest: string
  readonly content: Uint8Array
  readonly password: string
  readonly salt: Uint8Array
  readonly iterations: number
}

function compute({ digest, content, ...derivation }: MacInput): Buffer {
  const key = deriveFromPassword({ ...derivation, digest, purpose: 'mac', bytes: digestBytes[digest] ?? 32 })
  return createHmac(digest, key).update(content).digest()
}
