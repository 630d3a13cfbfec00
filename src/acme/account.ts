import { type AccountRecord, accountKey, writeAccountRecord } from './account-record.ts'
import { type AccountPlace, clientFor, type KnownAccount, settledAccount, withAccountLock } from './account-session.ts'
import { type AcmeClient, createKey, type Directory } from './client.ts'
import type { JsonObject } from './json.ts'
import { findProblem } from './problem.ts'
import type { OnProgress } from './progress.ts'
import { registerAccount } from './register-account.ts'
import type { AcmeResponse } from './transport.ts'

/** Requests in the name of one account of one CA. */
export interface AcmeAccount {
  readonly directory: Directory
  /** Names the account; another one after the CA forgot it. */
  readonly url: () => string
  post(request: AccountRequest, signal: AbortSignal): Promise<AcmeResponse>
  keyAuthorization(token: string): Promise<string>
}

export interface AccountRequest {
  readonly url: string
  /** `undefined`: POST-as-GET. */
  readonly payload?: JsonObject
  readonly doing: string
}

export interface AccountOptions extends AccountPlace {
  readonly onProgress: OnProgress
  /** What the CA's limit on new accounts is counted by. Default: Date.now. */
  readonly now?: () => number
}

/**
 * The account for the configured directory: found in the store, or made. Its key is in the store before the CA hears of
 * it, so a crash in between costs nothing: newAccount with a known key answers with the existing account (RFC 8555
 * §7.3.1). An account that the CA forgot is registered again with the same key. Throws the errors of registerAccount()
 * where an account is to be made.
 */
export async function openAccount(options: AccountOptions, signal: AbortSignal): Promise<AcmeAccount> {
  return withAccountLock(options, signal, async () => {
    const known = await settledAccount(options, signal)
    const { keyPem, isKeyNew } = known ? { ...known, isKeyNew: false } : await loadKey(options)
    const context = { ...options, client: await clientFor(options, keyPem, signal) }
    if (known === undefined) {
      const record = await registerAccount({ ...context, state: 'created', isKeyNew }, signal)
      return bind(context, { record, keyPem })
    }
    const account = bind(context, { record: await keepContact(context, known, signal), keyPem })
    options.onProgress({ kind: 'account', state: 'reused', url: account.url() })
    return account
  })
}

type Context = AccountOptions & { readonly client: AcmeClient }

/** An account outlives many requests: another process may give it a new key meanwhile, and the CA may forget it. */
function bind(options: Context, known: KnownAccount): AcmeAccount {
  let context = options
  let { keyPem } = known
  let kid = known.record.url
  const send = (request: AccountRequest, url: string, signal: AbortSignal) =>
    context.client.post({ ...request, url, kid }, signal)
  return {
    directory: context.client.directory,
    url: () => kid,
    keyAuthorization: (token) => context.client.keyAuthorization(token),
    async post(request, signal) {
      try {
        return await send(request, request.url, signal)
      } catch (error) {
        // What is refused for its signature was not done, so it may be repeated.
        const type = findProblem(error)?.type
        const newer = isSignatureRefused(type) ? await otherKey(context, keyPem) : undefined
        if (newer !== undefined) {
          keyPem = newer
          context = { ...context, client: await clientFor(context, keyPem, signal) }
          return send(request, request.url, signal)
        }
        // The CA's data was reset (a test server restarted, a sandbox emptied).
        if (type !== 'accountDoesNotExist') throw error
        const isAboutItself = request.url === kid
        kid = (await registerAccount({ ...context, state: 'recreated', isKeyNew: false }, signal)).url
        return send(request, isAboutItself ? kid : request.url, signal)
      }
    },
  }
}

/** CAs do not agree on the word for a key that is not the account's. */
const isSignatureRefused = (type: string | undefined): boolean =>
  ['unauthorized', 'malformed', 'badPublicKey', 'accountDoesNotExist'].includes(String(type))

/** The key in the store, where somebody has changed it. */
async function otherKey({ store, acme }: Context, keyPem: string): Promise<string | undefined> {
  const stored = (await store.read(accountKey(acme.directory)))?.toString()
  return stored === keyPem ? undefined : stored
}

/** RFC 8555 §7.3.2: tells the CA when the config's contact is another one. */
async function keepContact(context: Context, known: KnownAccount, signal: AbortSignal): Promise<AccountRecord> {
  const { record } = known
  const { contact } = context.acme
  if (JSON.stringify(record.configured) === JSON.stringify(contact)) return record
  return tellContact(context, bind(context, known), { contact, signal })
}

/** Tells the CA the contacts of the account, and notes it. */
export async function tellContact(
  { store, acme }: AccountPlace,
  account: AcmeAccount,
  { contact, signal }: { readonly contact: readonly string[]; readonly signal: AbortSignal },
): Promise<AccountRecord> {
  await account.post({ url: account.url(), payload: { contact }, doing: 'the new contact' }, signal)
  const record = { url: account.url(), contact, configured: acme.contact, isClosing: false }
  await writeAccountRecord(store, acme.directory, { record })
  return record
}

async function loadKey({
  store,
  acme,
}: AccountPlace): Promise<{ readonly keyPem: string; readonly isKeyNew: boolean }> {
  const kept = await store.read(accountKey(acme.directory))
  if (kept) return { keyPem: kept.toString(), isKeyNew: false }
  const made = await createKey()
  await store.write(accountKey(acme.directory), made)
  return { keyPem: made, isKeyNew: true }
}
