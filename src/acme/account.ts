import type { AcmeConfig } from '../config/config.ts'
import type { Store } from '../store/contract.ts'
import { type AcmeClient, createKey, type Directory, openClient } from './client.ts'
import { directoryId } from './directory-id.ts'
import { isObject, type JsonObject, parseUrl } from './json.ts'
import { findProblem } from './problem.ts'
import type { OnProgress } from './progress.ts'
import { retrySafely } from './retry.ts'
import type { AcmeResponse, Transport } from './transport.ts'

/** Requests in the name of one account of one CA. */
export interface AcmeAccount {
  readonly directory: Directory
  post(request: AccountRequest, signal: AbortSignal): Promise<AcmeResponse>
  keyAuthorization(token: string): Promise<string>
}

export interface AccountRequest {
  readonly url: string
  /** `undefined`: POST-as-GET. */
  readonly payload?: JsonObject
  readonly doing: string
}

export interface AccountOptions {
  readonly acme: AcmeConfig
  readonly store: Store
  readonly transport: Transport
  readonly onProgress: OnProgress
}

interface AccountRecord {
  readonly url: string
  readonly contact: readonly string[]
}

/**
 * The account for the configured directory: found in the store, or made. Its key is in the store before the CA hears of
 * it, so a crash in between costs nothing: newAccount with a known key answers with the existing account (RFC 8555
 * §7.3.1). An account that the CA forgot is registered again with the same key.
 */
export async function openAccount(options: AccountOptions, signal: AbortSignal): Promise<AcmeAccount> {
  const { acme, store, transport, onProgress } = options
  const folder = `accounts/${directoryId(acme.directory)}`
  const lock = await store.lock(folder, signal)
  try {
    const accountKeyPem = await loadKey(store, `${folder}/key.pem`)
    const client = await retrySafely(signal, () =>
      openClient({ directoryUrl: acme.directory, accountKeyPem, transport, nonces: [] }, signal),
    )
    const context = { client, store, key: `${folder}/account.json`, contact: acme.contact, onProgress }
    const known = await findRecord(context)
    if (!known) return bind(context, await register(context, 'created', signal))
    const account = bind(context, await keepContact(context, known, signal))
    onProgress({ kind: 'account', state: 'reused', url: known.url })
    return account
  } finally {
    await lock.release()
  }
}

interface Context {
  readonly client: AcmeClient
  readonly store: Store
  readonly key: string
  readonly contact: readonly string[]
  readonly onProgress: OnProgress
}

function bind(context: Context, record: AccountRecord): AcmeAccount {
  let { url: kid } = record
  const { client } = context
  return {
    directory: client.directory,
    keyAuthorization: (token) => client.keyAuthorization(token),
    async post(request, signal) {
      try {
        return await client.post({ ...request, kid }, signal)
      } catch (error) {
        // The CA's data was reset (a test server restarted, a sandbox emptied): nothing was done, so it may be repeated.
        if (findProblem(error)?.type !== 'accountDoesNotExist') throw error
        kid = (await register(context, 'recreated', signal)).url
        return client.post({ ...request, kid }, signal)
      }
    },
  }
}

async function register(context: Context, state: 'created' | 'recreated', signal: AbortSignal): Promise<AccountRecord> {
  const { client, contact } = context
  // Who puts a CA into the config agrees to its terms; docs/acme.md says so, and most CAs refuse without.
  const payload = { termsOfServiceAgreed: true, contact }
  const url = client.directory.newAccount
  const response = await retrySafely(signal, () =>
    client.post({ url, payload, kid: undefined, doing: 'the account' }, signal),
  )
  const record = { url: parseUrl(response.headers, 'location', 'an account'), contact }
  await context.store.write(context.key, JSON.stringify(record))
  context.onProgress({ kind: 'account', state, url: record.url })
  return record
}

/** RFC 8555 §7.3.2: tells the CA when the config's contact is no longer the account's. */
async function keepContact(context: Context, known: AccountRecord, signal: AbortSignal): Promise<AccountRecord> {
  if (JSON.stringify(known.contact) === JSON.stringify(context.contact)) return known
  const record = { url: known.url, contact: context.contact }
  const payload = { contact: context.contact }
  await bind(context, known).post({ url: known.url, payload, doing: 'the new contact' }, signal)
  await context.store.write(context.key, JSON.stringify(record))
  return record
}

async function loadKey(store: Store, key: string): Promise<string> {
  const kept = await store.read(key)
  if (kept) return kept.toString()
  const made = await createKey()
  await store.write(key, made)
  return made
}

async function findRecord(context: Context): Promise<AccountRecord | undefined> {
  const bytes = await context.store.read(context.key)
  if (!bytes) return undefined
  const data: unknown = JSON.parse(bytes.toString()) // checksummed by the store: what register() wrote
  return isObject(data) && typeof data.url === 'string' && Array.isArray(data.contact)
    ? { url: data.url, contact: data.contact.map(String) }
    : undefined
}
