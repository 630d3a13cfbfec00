import { parseAccountKey } from './account-key.ts'
import { parseJws, verifyJws } from './jws.ts'
import { parseJsonObject } from './payload.ts'
import { Problem } from './problem.ts'
import { type Resource, requireAccount } from './resource.ts'

/**
 * Account key rollover (RFC 8555 §7.3.5): the payload is a second JWS, signed by the new key, that names the account and
 * its present key; so both keys agree.
 */
export const keyChange: Resource = async (request, _id, ca) => {
  const account = requireAccount(request)
  const inner = parseJws(request.payload, 'the inner JWS')
  if (inner.header.url !== request.url) throw new Problem('malformed', 'inner and outer JWS name different urls')
  if ('kid' in inner.header || 'nonce' in inner.header) {
    throw new Problem('malformed', 'the inner JWS must have neither kid nor nonce')
  }
  const newKey = await parseAccountKey(inner.header.jwk, inner.algorithm)
  const payload = parseJsonObject(await verifyJws(inner, newKey), 'the inner payload')
  if (ca.urls.accountIdOf(payload.account) !== account.id) {
    throw new Problem('malformed', 'the inner JWS names another account')
  }
  const oldKey = await parseAccountKey(payload.oldKey, algorithmOf(account.key.jwk.kty))
  if (oldKey.thumbprint !== account.key.thumbprint)
    throw new Problem('malformed', 'oldKey is not the key of the account')
  const holder = [...ca.state.accounts.values()].find((entry) => entry.key.thumbprint === newKey.thumbprint)
  if (holder) {
    const headers = { location: ca.urls.account(holder.id) }
    throw new Problem('malformed', 'an account has the new key already', { status: 409, headers })
  }
  const oldKeyOnFile = account.key
  account.key = newKey
  try {
    await ca.keeper.account(account)
  } catch (error) {
    account.key = oldKeyOnFile // the client was told that it failed, and signs with the old one
    throw error
  }
  return { status: 200, headers: { location: ca.urls.account(account.id) } }
}

function algorithmOf(kty: string | undefined) {
  return kty === 'EC' ? 'ES256' : kty === 'RSA' ? 'RS256' : 'EdDSA'
}
