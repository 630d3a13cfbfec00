import { createPublicKey } from 'node:crypto'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { isJsonObject, type JsonObject } from './payload.ts'
import { Problem } from './problem.ts'

export type SignatureAlgorithm = 'ES256' | 'RS256' | 'EdDSA'
export const signatureAlgorithms: readonly SignatureAlgorithm[] = ['ES256', 'RS256', 'EdDSA']

export interface AccountKey {
  /** Public members only. */
  readonly jwk: JWK
  /** RFC 7638, SHA-256, base64url: identifies the account and is half of each key authorization. */
  readonly thumbprint: string
}

/** Checks the public key of a JWS header; throws `badPublicKey` for what this CA does not take. */
export async function parseAccountKey(value: unknown, algorithm: SignatureAlgorithm): Promise<AccountKey> {
  if (!isJsonObject(value)) throw new Problem('malformed', 'jwk is not a JSON object')
  const jwk = publicMembers(value, algorithm)
  try {
    createPublicKey({ key: { ...jwk }, format: 'jwk' }) // refuses points that are not on the curve
  } catch {
    throw new Problem('badPublicKey', 'the jwk is not a valid public key')
  }
  return { jwk, thumbprint: await calculateJwkThumbprint(jwk) }
}

/** The key as SubjectPublicKeyInfo, to compare it with the key of a CSR. */
export function accountKeySpki(key: AccountKey): Buffer {
  return createPublicKey({ key: { ...key.jwk }, format: 'jwk' }).export({ type: 'spki', format: 'der' })
}

function publicMembers(value: JsonObject, algorithm: SignatureAlgorithm): JWK {
  const text = (member: string): string => {
    const found = value[member]
    if (typeof found !== 'string') throw new Problem('badPublicKey', `the jwk has no ${member}`)
    return found
  }
  const curve = algorithm === 'ES256' ? 'P-256' : 'Ed25519'
  const kty = { ES256: 'EC', RS256: 'RSA', EdDSA: 'OKP' }[algorithm]
  if (value.kty !== kty) throw new Problem('badPublicKey', `${algorithm} needs a key of type ${kty}`)
  if (algorithm === 'RS256') return checkRsa({ kty, n: text('n'), e: text('e') })
  if (value.crv !== curve) throw new Problem('badPublicKey', `${algorithm} needs the curve ${curve}`)
  return algorithm === 'ES256' ? { kty, crv: curve, x: text('x'), y: text('y') } : { kty, crv: curve, x: text('x') }
}

/** 2048 to 4096 bits: below is breakable, above lets a stranger buy CPU time with each signature. */
function checkRsa(jwk: { kty: string; n: string; e: string }): JWK {
  const bytes = Buffer.from(jwk.n, 'base64url').length
  if (bytes < 256 || bytes > 512) throw new Problem('badPublicKey', 'RSA keys must have 2048 to 4096 bits')
  if (jwk.e !== 'AQAB') throw new Problem('badPublicKey', 'RSA keys must have the exponent 65537')
  return jwk
}
