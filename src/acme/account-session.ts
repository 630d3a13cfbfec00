import type { AcmeConfig } from '../config/config.ts'
import type { Store } from '../store/contract.ts'
import {
  type AccountRecord,
  accountFolder,
  accountKey,
  findAccountRecord,
  nextAccountKey,
  removeAccountRecord,
  retiredAccountKey,
  writeAccountRecord,
} from './account-record.ts'
import { type AcmeClient, openClient, thumbprintOf } from './client.ts'
import { parseObject } from './json.ts'
import { findProblem } from './problem.ts'
import { retrySafely } from './retry.ts'
import type { AcmeResponse, Transport } from './transport.ts'

/** One CA, our place in the store for it, and a way to it. */
export interface AccountPlace {
  readonly acme: AcmeConfig
  readonly store: Store
  readonly transport: Transport
}

/** An account that is there, and its key. */
export interface KnownAccount {
  readonly record: AccountRecord
  readonly keyPem: string
}

/** Runs alone: no other command and no other replica changes the account of this CA meanwhile. */
export async function withAccountLock<T>(place: AccountPlace, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const lock = await place.store.lock(accountFolder(place.acme.directory), signal)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

/** A client that signs with a key; the directory is read anew. */
export function clientFor(place: AccountPlace, keyPem: string, signal: AbortSignal): Promise<AcmeClient> {
  const { acme, transport } = place
  const options = { directoryUrl: acme.directory, accountKeyPem: keyPem, transport, nonces: [] }
  return retrySafely(signal, () => openClient(options, signal))
}

/**
 * The account as the store has it, `undefined` where there is none, after what an interruption left behind was brought to its end:
 * a change of the key and a deactivation are asked about at the CA. Call it under the lock.
 */
export async function settledAccount(place: AccountPlace, signal: AbortSignal): Promise<KnownAccount | undefined> {
  const { acme, store } = place
  const record = await findAccountRecord(store, acme.directory)
  const key = await store.read(accountKey(acme.directory))
  if (record === undefined) return undefined
  if (key === undefined) {
    // The end of a deactivation was cut off; without its key an account is of no use in any other case, either.
    await removeAccountRecord(store, acme.directory)
    return undefined
  }
  const keyPem = await settleKey(place, { record, keyPem: key.toString() }, signal)
  return record.isClosing ? settleClosing(place, { record, keyPem }, signal) : { record, keyPem }
}

/** The account object (RFC 8555 §7.1.2) as the CA shows it to the holder of the key. */
export async function readAccount(client: AcmeClient, url: string, signal: AbortSignal): Promise<AcmeResponse> {
  return retrySafely(signal, () => client.post({ url, kid: url, doing: 'to show the account' }, signal))
}

/** Makes the next key the account's: the CA has it. */
export async function adoptNextKey({ acme, store }: AccountPlace, keyPem: string): Promise<void> {
  await store.write(accountKey(acme.directory), keyPem)
  await store.remove(nextAccountKey(acme.directory))
}

/** The account is no more: its key is kept apart, since no key is ever thrown away, and the next account gets a new one. */
export async function retireAccount({ acme, store }: AccountPlace, client: AcmeClient, keyPem: string): Promise<void> {
  const { directory } = acme
  await store.write(retiredAccountKey(directory, await thumbprintOf(client)), keyPem)
  await store.remove(nextAccountKey(directory))
  await store.remove(accountKey(directory))
  await removeAccountRecord(store, directory) // last: as long as it is there, settledAccount() goes on here
}

/** Whether the CA takes this key for this account. Other refusals than that of the key are thrown. */
export async function isKeyOf(place: AccountPlace, known: KnownAccount, signal: AbortSignal): Promise<boolean> {
  try {
    await readAccount(await clientFor(place, known.keyPem, signal), known.record.url, signal)
    return true
  } catch (error) {
    const { status = 0, type } = findProblem(error) ?? {}
    if (status < 400 || status > 499 || status === 429 || type === 'badNonce') throw error
    return false
  }
}

/** Which of the two keys is the account's, where a rollover was cut off. */
async function settleKey(place: AccountPlace, { record, keyPem }: KnownAccount, signal: AbortSignal): Promise<string> {
  const next = (await place.store.read(nextAccountKey(place.acme.directory)))?.toString()
  if (next === undefined) return keyPem
  // The CA may still get a request that was lost on the way: as long as it has not, the next key is kept, too.
  if (next !== keyPem && !(await isKeyOf(place, { record, keyPem: next }, signal))) return keyPem
  await adoptNextKey(place, next)
  return next
}

async function settleClosing(
  place: AccountPlace,
  known: KnownAccount,
  signal: AbortSignal,
): Promise<KnownAccount | undefined> {
  const { acme, store } = place
  const client = await clientFor(place, known.keyPem, signal)
  try {
    const { data } = await readAccount(client, known.record.url, signal)
    if (parseObject(data, 'account').status === 'valid') {
      const record = { ...known.record, isClosing: false } // the CA never heard of it
      await writeAccountRecord(store, acme.directory, { record })
      return { ...known, record }
    }
  } catch (error) {
    if (!isGone(error)) throw error
  }
  await retireAccount(place, client, known.keyPem)
  return undefined
}

/** RFC 8555 §7.3.6: a deactivated account is refused with `unauthorized`, whatever it asks for. */
export function isGone(error: unknown): boolean {
  const type = findProblem(error)?.type
  return type === 'unauthorized' || type === 'accountDoesNotExist'
}
