import acme from 'acme-client'
import { isObject, type JsonObject, parseObject, parseText, parseUrl } from './json.ts'
import { defaultKeyType, type KeyType } from './key-type.ts'
import { refusal } from './problem.ts'
import type { AcmeResponse, Transport } from './transport.ts'

/** The addresses that the CA's directory names (RFC 8555 §7.1.1). */
export interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  /** Where the CA says when to renew (RFC 9773 §3); `undefined`: it does not. */
  readonly renewalInfo: string | undefined
  /** RFC 8555 §7.6; `undefined`, against the RFC: the CA does not offer it. */
  readonly revokeCert: string | undefined
  /** RFC 8555 §7.3.5; `undefined` as above. */
  readonly keyChange: string | undefined
  readonly termsOfService: string | undefined
  /** Whether accounts are registered for customers of the CA alone (RFC 8555 §7.3.4). */
  readonly externalAccountRequired: boolean
  /** Names of the profiles that orders can ask for; `undefined`: the CA knows none. */
  readonly profiles: readonly string[] | undefined
  /** What CAA records know the CA by; empty: it does not say. */
  readonly caaIdentities: readonly string[]
}

export interface SignedRequest {
  readonly url: string
  /** `undefined`: POST-as-GET (RFC 8555 §6.3). */
  readonly payload?: JsonObject
  /** The account's URL; `undefined` signs with the key itself, as newAccount must be. */
  readonly kid: string | undefined
  /** What is asked for, as an error names it. */
  readonly doing: string
}

export interface AcmeClient {
  readonly directory: Directory
  /** Sends a signed request once (again only for a bad nonce). Throws the typed error of an answer of 400 and above. */
  post(request: SignedRequest, signal: AbortSignal): Promise<AcmeResponse>
  /** RFC 8555 §8.1: token and thumbprint of the account's key. */
  keyAuthorization(token: string): Promise<string>
  /** RFC 8555 §7.3.4: the CA's word for its customer, signed with the key that they share, about this account's key. */
  bindExternalAccount(binding: ExternalAccount): JsonObject
  /** RFC 8555 §7.3.5: the inner JWS of a key change, by which this key agrees to follow the account's present one. */
  agreeToFollow(oldKeyPem: string, account: { readonly url: string; readonly keyChange: string }): JsonObject
}

/** What an account is bound to; `hmacKey` is base64url and secret. */
export interface ExternalAccount {
  readonly kid: string
  readonly hmacKey: string
}

/** A CA that refuses every nonce must not keep us busy; at 20 % refusals ten in a row are one in ten million. */
const maxBadNonceRetries = 10
const maxKeptNonces = 8

/** The directory of the CA and a signer for it. */
export async function openClient(options: ClientOptions, signal: AbortSignal): Promise<AcmeClient> {
  const { directoryUrl, transport } = options
  const directory = await fetchDirectory(transport, directoryUrl, signal)
  return {
    directory,
    async post({ url, payload, kid, doing }, signal) {
      const signer = createSigner(options, directory, signal)
      const response = await signer.http.signedRequest(url, payload ?? null, { kid: kid ?? null })
      if (response.status >= 400) throw refusal(response, { doing })
      return response
    },
    keyAuthorization(token) {
      const signer = createSigner(options, directory, AbortSignal.abort())
      const challenge = { type: 'http-01', token, url: '', status: 'pending' } as const
      return signer.client.getChallengeKeyAuthorization(challenge)
    },
    bindExternalAccount({ kid, hmacKey }) {
      const { http } = createSigner(options, directory, AbortSignal.abort())
      return http.createSignedHmacBody(hmacKey, directory.newAccount, http.getJwk(), { kid })
    },
    agreeToFollow(oldKeyPem, { url, keyChange }) {
      const { http } = createSigner(options, directory, AbortSignal.abort())
      const oldKey = createSigner(
        { ...options, accountKeyPem: oldKeyPem },
        directory,
        AbortSignal.abort(),
      ).http.getJwk()
      return http.createSignedBody(keyChange, { account: url, oldKey })
    },
  }
}

/** What the CA offers and where; needs no account. */
export async function fetchDirectory(transport: Transport, url: string, signal: AbortSignal): Promise<Directory> {
  return parseDirectory(await transport.send({ method: 'GET', url }, signal))
}

export interface ClientOptions {
  readonly directoryUrl: string
  readonly accountKeyPem: string
  readonly transport: Transport
  /** Fresh nonces that earlier answers brought along; shared by the requests of one client. */
  readonly nonces: string[]
}

/** The key's thumbprint (RFC 7638), as key authorizations end with it. */
export async function thumbprintOf(client: AcmeClient): Promise<string> {
  return (await client.keyAuthorization('')).slice(1)
}

/** A new private key, PEM. */
export async function createKey(type: KeyType = defaultKeyType): Promise<string> {
  const [kind, size = ''] = type.split('-')
  const key =
    kind === 'rsa'
      ? await acme.crypto.createPrivateRsaKey(Number(size))
      : await acme.crypto.createPrivateEcdsaKey(size === 'p384' ? 'P-384' : 'P-256')
  return key.toString()
}

/** The certificate signing request for the names, base64url DER as finalize wants it (RFC 8555 §7.4). */
export async function createRequest(names: readonly string[], keyPem: string): Promise<string> {
  const [, csr] = await acme.crypto.createCsr({ altNames: [...names] }, keyPem)
  return acme.crypto.getPemBodyAsB64u(csr)
}

/** The part of acme-client's inner HTTP class that we use; its types leave it out. */
interface SigningHttp {
  maxBadNonceRetries: number
  getDirectory: () => Promise<object>
  getNonce: () => Promise<string>
  request: (url: string, method: string, options?: { data?: unknown }) => Promise<AcmeResponse>
  getJwk(): JsonObject
  createSignedBody(url: string, payload: JsonObject): JsonObject
  createSignedHmacBody(hmacKey: string, url: string, payload: JsonObject, options: { kid: string }): JsonObject
  signedRequest(url: string, payload: JsonObject | null, options: { kid: string | null }): Promise<AcmeResponse>
}

/**
 * acme-client signs; the sending is ours. Its own sending replays newOrder, sleeps without bound and knows no signal, so it
 * is replaced, on the object and not for the whole process: two CAs with different roots can be used at once.
 */
function createSigner(options: ClientOptions, directory: Directory, signal: AbortSignal) {
  const { directoryUrl, accountKeyPem, transport, nonces } = options
  const client = new acme.Client({ directoryUrl, accountKey: accountKeyPem })
  const { http } = client as unknown as { http: SigningHttp } // see SigningHttp
  http.maxBadNonceRetries = maxBadNonceRetries
  http.getDirectory = async () => directory
  http.getNonce = async () => nonces.pop() ?? fetchNonce(transport, directory.newNonce, signal)
  http.request = async (url, method, { data } = {}) => {
    if (method !== 'post') return transport.send({ method: 'HEAD', url }, signal)
    const response = await transport.send({ method: 'POST', url, body: JSON.stringify(data) }, signal)
    keepNonce(nonces, response)
    return response
  }
  return { client, http }
}

/** RFC 8555 §7.2. */
async function fetchNonce(transport: Transport, url: string, signal: AbortSignal): Promise<string> {
  const response = await transport.send({ method: 'HEAD', url }, signal)
  if (response.status >= 400) throw refusal(response, { doing: 'a nonce' })
  return parseText(response.headers, 'replay-nonce', 'an answer to newNonce')
}

function keepNonce(nonces: string[], response: AcmeResponse): void {
  const nonce = response.headers['replay-nonce']
  // The nonce of a refusal may be the retry's at once: keeping it, too, would use it twice.
  if (nonce !== undefined && response.status < 400 && nonces.length < maxKeptNonces) nonces.push(nonce)
}

function parseDirectory(response: AcmeResponse): Directory {
  if (response.status >= 400) throw refusal(response, { doing: 'its directory' })
  const what = 'ACME directory'
  const object = parseObject(response.data, what)
  const meta = isObject(object.meta) ? object.meta : {}
  const urlOrNone = (member: string) => (object[member] === undefined ? undefined : parseUrl(object, member, what))
  return {
    newNonce: parseUrl(object, 'newNonce', what),
    newAccount: parseUrl(object, 'newAccount', what),
    newOrder: parseUrl(object, 'newOrder', what),
    renewalInfo: urlOrNone('renewalInfo'),
    revokeCert: urlOrNone('revokeCert'),
    keyChange: urlOrNone('keyChange'),
    termsOfService: typeof meta.termsOfService === 'string' ? meta.termsOfService : undefined,
    externalAccountRequired: meta.externalAccountRequired === true,
    profiles: isObject(meta.profiles) ? Object.keys(meta.profiles) : undefined,
    caaIdentities: Array.isArray(meta.caaIdentities) ? meta.caaIdentities.map(String) : [],
  }
}
