import type { HostName } from '../http.ts'
import type { Store } from '../store/contract.ts'
import { folderNameOf } from './certificate-names.ts'
import { createKey } from './client.ts'
import type { KeyType } from './key-type.ts'

/**
 * How far an issuance got, so that after a crash the next run goes on instead of ordering again. The certificate's key is
 * here before the CA hears of it; that an order is sent, before it is; its address as soon as the CA tells it; the chain
 * before it is installed.
 */
export interface Journal extends JournalIdentity {
  readonly startedAtMs: number
  /** Empty where the key is somebody else's. */
  readonly privateKeyPem: string
  /** An order was sent, or was about to be, and did not come to nothing as far as is known. */
  readonly isOrdered: boolean
  readonly orderUrl?: string | undefined
  readonly fullChainPem?: string | undefined
}

export interface JournalIdentity {
  readonly directory: string
  readonly names: readonly HostName[]
  readonly keyType: KeyType
  readonly profile?: string | undefined
  /** Digest of a request that was given. */
  readonly request?: string | undefined
}

/** As long as Let's Encrypt keeps an order; what another CA no longer has, it says. */
const maxAgeMs = 7 * 24 * 3600 * 1000
const folder = 'orders/'

/** The journal of an interrupted issuance of the same from the same CA. */
export async function readJournal(
  store: Store,
  identity: JournalIdentity,
  nowMs: number,
): Promise<Journal | undefined> {
  const kept = await readKey(store, keyOf(identity))
  return kept !== undefined && isSame(kept, identity) && !isOld(kept, nowMs) ? kept : undefined
}

/** A journal with a new key; nobody knows of it until it is written. */
export async function newJournal(identity: JournalIdentity, nowMs: number): Promise<Journal> {
  const privateKeyPem = identity.request === undefined ? await createKey(identity.keyType) : ''
  return { ...identity, startedAtMs: nowMs, privateKeyPem, isOrdered: false }
}

export async function writeJournal(store: Store, journal: Journal): Promise<void> {
  await store.write(keyOf(journal), JSON.stringify(journal))
}

export async function closeJournal(store: Store, journal: Journal): Promise<void> {
  await store.remove(keyOf(journal))
}

/** Addresses of the orders that are under way. */
export async function openOrderUrls(store: Store): Promise<ReadonlySet<string>> {
  const journals = await Promise.all((await store.list(folder)).map((key) => readKey(store, key)))
  return new Set(journals.flatMap((journal) => journal?.orderUrl ?? []))
}

/** Removes the journals that nobody goes on with any more: there are keys in them. */
export async function pruneJournals(store: Store, nowMs: number, signal: AbortSignal): Promise<void> {
  for (const key of await store.list(folder)) {
    const journal = await readKey(store, key)
    if (journal === undefined || !isOld(journal, nowMs)) continue
    const lock = await store.lock(journalLock(journal.names), signal)
    try {
      const latest = await readKey(store, key)
      if (latest !== undefined && isOld(latest, nowMs)) await store.remove(key, { lock })
    } finally {
      await lock.release()
    }
  }
}

/** The lock under which a certificate is issued. */
export const journalLock = (names: readonly HostName[]): string => `${folder}${folderNameOf(names)}`

async function readKey(store: Store, key: string): Promise<Journal | undefined> {
  const bytes = await store.read(key)
  return bytes && (JSON.parse(bytes.toString()) as Journal) // checksummed by the store: what writeJournal() wrote
}

function isOld({ startedAtMs }: Journal, nowMs: number): boolean {
  return nowMs - startedAtMs >= maxAgeMs
}

function isSame(journal: Journal, identity: JournalIdentity): boolean {
  const { names } = identity
  const members = ['directory', 'keyType', 'profile', 'request'] as const
  if (members.some((member) => journal[member] !== identity[member])) return false
  return [...journal.names].sort().join() === [...names].sort().join()
}

function keyOf({ names, request }: JournalIdentity): string {
  return `${folder}${folderNameOf(names)}${request === undefined ? '' : `.csr-${request}`}.json`
}
