import { errors, flattenedVerify } from 'jose'
import { type AccountKey, type SignatureAlgorithm, signatureAlgorithms } from './account-key.ts'
import { decodeBase64url, type JsonObject, parseJsonObject } from './payload.ts'
import { Problem } from './problem.ts'

/** A flattened JWS (RFC 7515 §7.2.2) whose shape is checked and whose signature is not yet. */
export interface UnverifiedJws {
  readonly algorithm: SignatureAlgorithm
  readonly header: JsonObject
  readonly protected: string
  readonly payload: string
  readonly signature: string
}

/** Parses a JWS under the rules of RFC 8555 §6.2: flattened, no unprotected header, payload encoded, no extensions. */
export function parseJws(text: string, what: string): UnverifiedJws {
  const jws = parseJsonObject(text, what)
  if ('header' in jws || 'signatures' in jws) {
    throw new Problem('malformed', `${what} must be a flattened JWS without an unprotected header`)
  }
  const header = parseJsonObject(decodeBase64url(jws.protected, 'protected').toString(), 'the protected header')
  decodeBase64url(jws.payload, 'payload')
  decodeBase64url(jws.signature, 'signature')
  if ('crit' in header || 'b64' in header) throw new Problem('malformed', 'JWS extensions are not supported')
  return {
    algorithm: findAlgorithm(header.alg),
    header,
    protected: String(jws.protected),
    payload: String(jws.payload),
    signature: String(jws.signature),
  }
}

/** Verifies the signature and gives back the decoded payload. */
export async function verifyJws(jws: UnverifiedJws, key: AccountKey): Promise<string> {
  const { protected: header, payload, signature } = jws
  try {
    const verified = await flattenedVerify({ protected: header, payload, signature }, key.jwk, {
      algorithms: [jws.algorithm],
    })
    return Buffer.from(verified.payload).toString()
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException) {
      throw new Problem('malformed', 'the JWS signature does not verify')
    }
    throw error
  }
}

function findAlgorithm(name: unknown): SignatureAlgorithm {
  const found = signatureAlgorithms.find((algorithm) => algorithm === name)
  if (found) return found
  throw new Problem('badSignatureAlgorithm', `sign with one of ${signatureAlgorithms.join(', ')}`, {
    algorithms: signatureAlgorithms,
  })
}
