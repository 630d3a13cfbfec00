import { type AccountKey, parseAccountKey } from './account-key.ts'
import { parseJws, type UnverifiedJws, verifyJws } from './jws.ts'
import { Problem } from './problem.ts'
import type { Account, State } from './state.ts'
import type { Urls } from './urls.ts'

/** Who signed: an account named by `kid`, or a bare key (newAccount, revocation by the certificate's key). */
export type Signer =
  | { readonly kind: 'account'; readonly account: Account }
  | { readonly kind: 'key'; readonly key: AccountKey }

export interface SignedRequest {
  readonly url: string
  /** Decoded; empty for POST-as-GET (RFC 8555 §6.3). */
  readonly payload: string
  readonly signer: Signer
  /** The address that the request came from. */
  readonly client: string
}

/**
 * Authenticates a POST (RFC 8555 §6.2 to §6.5). The nonce is spent before the signature is looked at: a replay costs
 * one look-up, never a signature.
 */
export async function authenticate(
  { body, url, client }: { readonly body: string; readonly url: string; readonly client: string },
  server: { state: State; urls: Urls },
): Promise<SignedRequest> {
  const jws = parseJws(body, 'the request')
  if (jws.header.url !== url) throw new Problem('unauthorized', 'the JWS was signed for another url')
  const nonce = jws.header.nonce
  if (typeof nonce !== 'string' || !server.state.nonces.redeem(nonce)) {
    throw new Problem('badNonce', 'the nonce is unknown or was used before')
  }
  const signer = await findSigner(jws, server)
  const key = signer.kind === 'account' ? signer.account.key : signer.key
  return { url, payload: await verifyJws(jws, key), signer, client }
}

async function findSigner(jws: UnverifiedJws, server: { state: State; urls: Urls }): Promise<Signer> {
  const { jwk, kid } = jws.header
  if ((jwk === undefined) === (kid === undefined)) {
    throw new Problem('malformed', 'the protected header needs either jwk or kid')
  }
  if (kid === undefined) return { kind: 'key', key: await parseAccountKey(jwk, jws.algorithm) }
  const account = findAccount(kid, server)
  if (!account) throw new Problem('accountDoesNotExist', 'no account has this kid')
  if (account.status !== 'valid') throw new Problem('unauthorized', `the account is ${account.status}`)
  await parseAccountKey(account.key.jwk, jws.algorithm) // the algorithm must fit the key that is on file
  return { kind: 'account', account }
}

function findAccount(kid: unknown, server: { state: State; urls: Urls }): Account | undefined {
  return server.state.accounts.get(server.urls.accountIdOf(kid) ?? '')
}
