import { calculateJwkThumbprint, errors, flattenedVerify } from 'jose'
import type { AccountKey } from './account-key.ts'
import { decodeBase64url, isJsonObject, type JsonObject, parseJsonObject } from './payload.ts'
import { Problem } from './problem.ts'

/**
 * External account binding (RFC 8555 §7.3.4): who wants an account shows an HMAC, with a key that the operator handed out,
 * of the account's own public key. Throws `externalAccountRequired` without one, `unauthorized` for an unknown kid or a
 * MAC that does not fit, `malformed` for a wrong form.
 */
export async function checkExternalAccount(
  binding: unknown,
  keys: ReadonlyMap<string, Buffer>,
  expected: { readonly key: AccountKey; readonly url: string },
): Promise<void> {
  if (binding === undefined) {
    throw new Problem('externalAccountRequired', 'this CA gives accounts only to those who hold one of its EAB keys')
  }
  if (!isJsonObject(binding)) throw new Problem('malformed', 'externalAccountBinding is not a JWS')
  const header = parseJsonObject(
    decodeBase64url(binding.protected, 'protected').toString(),
    'the protected header of externalAccountBinding',
  )
  checkHeader(header, expected.url)
  const hmacKey = keys.get(String(header.kid))
  if (!hmacKey) throw new Problem('unauthorized', 'the kid of externalAccountBinding is unknown')
  const jwk = parseJsonObject(await verify(binding, hmacKey), 'the payload of externalAccountBinding')
  const thumbprint = await calculateJwkThumbprint({ ...jwk }).catch(() => undefined)
  if (thumbprint !== expected.key.thumbprint) {
    throw new Problem('malformed', 'externalAccountBinding is for another account key')
  }
}

function checkHeader(header: JsonObject, url: string): void {
  if (header.alg !== 'HS256')
    throw new Problem('badSignatureAlgorithm', 'externalAccountBinding must use HS256', { algorithms: ['HS256'] })
  if (header.url !== url) throw new Problem('malformed', 'externalAccountBinding names another url')
  if ('nonce' in header || 'crit' in header || 'b64' in header || typeof header.kid !== 'string') {
    throw new Problem('malformed', 'externalAccountBinding must have a kid and no nonce')
  }
}

async function verify(binding: JsonObject, key: Buffer): Promise<string> {
  const { protected: header, payload, signature } = binding
  const parts = { protected: String(header), payload: String(payload), signature: String(signature) }
  try {
    return Buffer.from((await flattenedVerify(parts, key, { algorithms: ['HS256'] })).payload).toString()
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) {
      throw new Problem('unauthorized', 'the MAC of externalAccountBinding does not verify')
    }
    throw error
  }
}
