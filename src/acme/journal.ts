import type { HostName } from '../http.ts'
import type { Store } from '../store/contract.ts'
import { folderNameOf } from './certificate-names.ts'
import { createKey } from './client.ts'
import type { KeyType } from './key-type.ts'

/**
 * How far an issuance got, so that after a crash the next run goes on instead of ordering again. The certificate's key is
 * here before the CA hears of it; the order's address as soon as the CA tells it; the chain before it is installed.
 */
export interface Journal {
  readonly directory: string
  readonly names: readonly HostName[]
  readonly keyType: KeyType
  readonly profile?: string | undefined
  readonly request?: string | undefined
  readonly startedAtMs: number
  /** Empty where the key is somebody else's. */
  readonly privateKeyPem: string
  readonly orderUrl?: string | undefined
  readonly fullChainPem?: string
}

/** Orders live about a week; a journal that old resumes nothing that is worth it. */
const maxAgeMs = 24 * 3600 * 1000

export interface JournalIdentity {
  readonly directory: string
  readonly names: readonly HostName[]
  readonly keyType: KeyType
  readonly profile: string | undefined
  /** Digest of a request that was given. */
  readonly request: string | undefined
}

/** The journal of an interrupted issuance of the same names from the same CA, or a new one with a new key. */
export async function openJournal(store: Store, identity: JournalIdentity, nowMs: number): Promise<Journal> {
  const bytes = await store.read(keyOf(identity))
  const kept = bytes && (JSON.parse(bytes.toString()) as Journal) // checksummed by the store: what writeJournal() wrote
  if (kept && isSame(kept, identity) && nowMs - kept.startedAtMs < maxAgeMs) return kept
  const fresh = {
    ...identity,
    startedAtMs: nowMs,
    privateKeyPem: identity.request === undefined ? await createKey(identity.keyType) : '',
  }
  await writeJournal(store, fresh)
  return fresh
}

export async function writeJournal(store: Store, journal: Journal): Promise<void> {
  await store.write(keyOf(journal), JSON.stringify(journal))
}

export async function closeJournal(store: Store, journal: Journal): Promise<void> {
  await store.remove(keyOf(journal))
}

function isSame(journal: Journal, identity: JournalIdentity): boolean {
  const { names } = identity
  const members = ['directory', 'keyType', 'profile', 'request'] as const
  if (members.some((member) => journal[member] !== identity[member])) return false
  return [...journal.names].sort().join() === [...names].sort().join()
}

function keyOf({ names, request }: Pick<JournalIdentity, 'names' | 'request'> | Journal): string {
  return `orders/${folderNameOf(names)}${request === undefined ? '' : `.csr-${request}`}.json`
}
