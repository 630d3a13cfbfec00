import type {
  CollectionChange,
  CollectionJournal,
  CollectionWrite,
  MemberChange,
  MetByWrite,
} from '../waf/persistent/collection-change.ts'
import { appendOperation, type MemberOperation } from '../waf/persistent/member.ts'
import { OldestFirst } from '../waf/persistent/oldest-first.ts'

/**
 * What a process remembers to tell when it cannot tell it at once. Beyond that the oldest is given up: a holder that does not
 * listen must not fill the memory.
 */
export const pendingLimits = { collections: 10_000, bytes: 8_388_608 } as const

/** What one message holds: none takes so long that requests would wait for it. */
export const batchLimits = { collections: 1_000, bytes: 1_048_576 } as const

interface Pending {
  readonly id: string
  readonly firstAtMs: number
  lastAtMs: number
  timeoutSeconds: number
  updates: number
  isNew: boolean
  drops: boolean
  ownTimeoutSeconds: number | null | undefined
  bytes: number
  readonly members: Map<string, { readonly name: string; readonly operations: MemberOperation[] }>
}

/** The changes that have not been told yet, joined by collection and member. */
export class PendingChanges implements CollectionJournal {
  readonly #byId = new Map<string, Pending>()
  readonly #oldest = new OldestFirst(this.#byId)
  readonly #onChange: () => void
  #bytes = 0

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  get size(): number {
    return this.#byId.size
  }

  note(write: CollectionWrite, met: MetByWrite): void {
    const pending = this.#pendingFor(write)
    pending.isNew ||= met.noCollection
    this.#bytes -= pending.bytes
    join(pending, write, met.expiredMember)
    this.#bytes += pending.bytes
    this.#giveUpOldest()
    this.#onChange()
  }

  find(id: string): CollectionChange | undefined {
    const pending = this.#byId.get(id)
    return pending && changeOf(pending)
  }

  /** Takes the oldest out, as many as one message holds. */
  take(): CollectionChange[] {
    const batch: CollectionChange[] = []
    let bytes = 0
    for (const pending of this.#byId.values()) {
      bytes += pending.bytes
      if (batch.length > 0 && (batch.length >= batchLimits.collections || bytes > batchLimits.bytes)) break
      batch.push(changeOf(pending))
      this.#remove(pending)
    }
    return batch
  }

  #pendingFor(write: CollectionWrite): Pending {
    const known = this.#byId.get(write.id)
    if (known !== undefined) return known
    const { id, atMs, timeoutSeconds } = write
    const fresh: Pending = {
      ...{ id, firstAtMs: atMs, lastAtMs: atMs, timeoutSeconds, isNew: false },
      ...{ updates: 0, drops: false, ownTimeoutSeconds: undefined, bytes: 100, members: new Map() },
    }
    this.#byId.set(id, fresh)
    this.#bytes += fresh.bytes
    return fresh
  }

  #giveUpOldest(): void {
    while (this.#byId.size > pendingLimits.collections || this.#bytes > pendingLimits.bytes) {
      const oldest = this.#byId.get(this.#oldest.next() ?? '')
      if (oldest === undefined) return
      this.#remove(oldest)
    }
  }

  #remove(pending: Pending): void {
    this.#byId.delete(pending.id)
    this.#bytes -= pending.bytes
  }
}

function join(pending: Pending, { atMs, timeoutSeconds, isFirst, what }: CollectionWrite, isExpired: boolean): void {
  pending.lastAtMs = Math.max(pending.lastAtMs, atMs)
  pending.timeoutSeconds = timeoutSeconds
  if (isFirst) pending.updates++
  switch (what.kind) {
    case 'timeout':
      pending.ownTimeoutSeconds = what.seconds ?? null
      break
    case 'drop':
      pending.members.clear()
      Object.assign(pending, { drops: true, updates: 0, ownTimeoutSeconds: undefined, bytes: 100 })
      break
    case 'member':
      joinMember(pending, what, isExpired)
      break
    default:
      what satisfies never
  }
}

type MemberWrite = Extract<CollectionWrite['what'], { kind: 'member' }>

function joinMember(pending: Pending, { name, operation }: MemberWrite, isExpired: boolean): void {
  const lowerName = name.toLowerCase()
  const known = pending.members.get(lowerName)
  const operations: MemberOperation[] = known?.operations ?? []
  const before = bytesOf(name, operations)
  if (isExpired) operations.push({ kind: 'lapse', atMs: operation.atMs })
  appendOperation(operations, operation)
  if (known === undefined) pending.members.set(lowerName, { name, operations })
  pending.bytes += bytesOf(name, operations) - (known === undefined ? 0 : before)
}

function bytesOf(name: string, operations: readonly MemberOperation[]): number {
  return operations.reduce((sum, each) => sum + 50 + (each.kind === 'set' ? each.value.length : 0), name.length)
}

function changeOf({ ownTimeoutSeconds, members, bytes: _, ...rest }: Pending): CollectionChange {
  const listed: MemberChange[] = [...members.values()]
  return { ...rest, ...(ownTimeoutSeconds === undefined ? {} : { ownTimeoutSeconds }), members: listed }
}
