import type { Store, StoreLock } from '../store/contract.ts'
import { directoryId } from './directory-id.ts'
import { isObject } from './json.ts'

/** What the store knows of the account at one CA, beside its key. */
export interface AccountRecord {
  /** Names the account to the CA (`kid`, RFC 8555 §6.2). */
  readonly url: string
  /** The contacts that the CA was told. */
  readonly contact: readonly string[]
  /** The contacts that the config had then: `account update --contact` tells others, which hold until the config changes. */
  readonly configured: readonly string[]
  /** Somebody asked for the end of the account; the CA may or may not have heard of it. */
  readonly isClosing: boolean
}

/** Where the account of a CA lies, and whoever changes it holds the lock of this name. */
export const accountFolder = (directory: string): string => `accounts/${directoryId(directory)}`

export const accountKey = (directory: string): string => `${accountFolder(directory)}/key.pem`
/** The key that the account is to have next: the CA may know it already (see key-rollover.ts). */
export const nextAccountKey = (directory: string): string => `${accountFolder(directory)}/next-key.pem`
/** The key of an account that was deactivated, by its thumbprint. */
export const retiredAccountKey = (directory: string, thumbprint: string): string =>
  `${accountFolder(directory)}/retired/${thumbprint}.pem`

const recordKey = (directory: string): string => `${accountFolder(directory)}/account.json`

export async function findAccountRecord(store: Store, directory: string): Promise<AccountRecord | undefined> {
  const bytes = await store.read(recordKey(directory))
  if (!bytes) return undefined
  const data: unknown = JSON.parse(bytes.toString()) // checksummed by the store: what writeAccountRecord() wrote
  if (!isObject(data) || typeof data.url !== 'string') return undefined
  const contact = textsOf(data.contact)
  const configured = data.configured === undefined ? contact : textsOf(data.configured)
  return { url: data.url, contact, configured, isClosing: data.isClosing === true }
}

export async function writeAccountRecord(
  store: Store,
  directory: string,
  { record, lock }: { readonly record: AccountRecord; readonly lock?: StoreLock | undefined },
): Promise<void> {
  await store.write(recordKey(directory), JSON.stringify(record), { lock })
}

export async function removeAccountRecord(store: Store, directory: string): Promise<void> {
  await store.remove(recordKey(directory))
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
