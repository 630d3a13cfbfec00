import type { HostName } from '../http.ts'
import type { Store } from '../store/contract.ts'
import { createKey } from './client.ts'

/**
 * How far an issuance got, so that after a crash the next run goes on instead of ordering again. The certificate's key is
 * here before the CA hears of it; the order's address as soon as the CA tells it; the chain before it is installed.
 */
export interface Journal {
  readonly directory: string
  readonly names: readonly string[]
  readonly startedAtMs: number
  readonly privateKeyPem: string
  readonly orderUrl?: string | undefined
  readonly fullChainPem?: string
}

/** Orders live about a week; a journal that old resumes nothing that is worth it. */
const maxAgeMs = 24 * 3600 * 1000

export interface JournalIdentity {
  readonly directory: string
  readonly names: readonly HostName[]
}

/** The journal of an interrupted issuance of the same names from the same CA, or a new one with a new key. */
export async function openJournal(store: Store, identity: JournalIdentity, nowMs: number): Promise<Journal> {
  const bytes = await store.read(keyOf(identity.names))
  const kept = bytes && (JSON.parse(bytes.toString()) as Journal) // checksummed by the store: what writeJournal() wrote
  if (kept && isSame(kept, identity) && nowMs - kept.startedAtMs < maxAgeMs) return kept
  const { directory, names } = identity
  const fresh = { directory, names, startedAtMs: nowMs, privateKeyPem: await createKey() }
  await writeJournal(store, fresh)
  return fresh
}

export async function writeJournal(store: Store, journal: Journal): Promise<void> {
  await store.write(keyOf(journal.names), JSON.stringify(journal))
}

export async function closeJournal(store: Store, journal: Journal): Promise<void> {
  await store.remove(keyOf(journal.names))
}

function isSame(journal: Journal, { directory, names }: JournalIdentity): boolean {
  return journal.directory === directory && [...journal.names].sort().join() === [...names].sort().join()
}

function keyOf(names: readonly string[]): string {
  return `orders/${names[0]}.json`
}
