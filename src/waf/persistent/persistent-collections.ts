import type { CollectionChange, CollectionJournal, CollectionState, CollectionWrite } from './collection-change.ts'
import { nameOf } from './collection-id.ts'
import { HeldCollection } from './held-collection.ts'
import type { Member } from './member.ts'
import { type PersistentName, persistentNames } from './names.ts'
import { OldestFirst } from './oldest-first.ts'

/**
 * A flood of new keys (addresses, cookies) pushes out the collections of the same name that were not used for the longest
 * time, instead of filling the memory; those of other names stay, so that invented sessions do not make the edge forget
 * who has guessed passwords.
 */
export const collectionLimits = {
  /** Of one name. */
  collections: 10_000,
  /** All members of all collections of one name, as they are written down. */
  bytes: 8_388_608,
  /** Members of one collection; further ones are not taken in. */
  names: 200,
  /** Longer names and values are cut. */
  textBytes: 1024,
} as const

interface Shelf {
  readonly held: Map<string, HeldCollection>
  readonly oldest: OldestFirst<string>
  bytes: number
}

/** IP, GLOBAL, SESSION, USER and RESOURCE: shared by the transactions of one process, whatever rules they run. */
export class PersistentCollections {
  readonly #shelves: ReadonlyMap<string, Shelf>
  readonly #journal: CollectionJournal | undefined

  /** @param journal is told what rules change; default: nobody */
  constructor(journal?: CollectionJournal) {
    this.#journal = journal
    this.#shelves = new Map(persistentNames.map((name) => [name, emptyShelf()]))
  }

  /** The collection of that id, unless its time is over. */
  find(id: string, nowMs: number): HeldCollection | undefined {
    const held = this.#shelf(id).held.get(id)
    return held !== undefined && held.expiresAtMs > nowMs ? held : undefined
  }

  /** The same; and it counts as used. */
  open(id: string, nowMs: number): HeldCollection | undefined {
    const held = this.find(id, nowMs)
    if (held !== undefined) this.#moveToEnd(id, held)
    return held
  }

  member(id: string, lowerName: string, nowMs: number): Member | undefined {
    return this.find(id, nowMs)?.find(lowerName, nowMs)
  }

  /** What a rule does; where it changes anything, the journal is told. */
  write(write: CollectionWrite): boolean {
    const { id, atMs, what } = write
    const found = this.find(id, atMs)
    const expiredMember = what.kind === 'member' && found?.hasLapsed(what.name.toLowerCase(), atMs) === true
    const hasChanged = this.#apply(write)
    if (hasChanged) this.#journal?.note(write, { noCollection: found === undefined, expiredMember })
    return hasChanged
  }

  /**
   * What rules of another process have done.
   *
   * @param only lower-case names: the other members stay as they are, unless the change drops them all
   */
  apply(change: CollectionChange, only?: ReadonlySet<string>): void {
    const { id, lastAtMs, updates, timeoutSeconds, ownTimeoutSeconds, members } = change
    if (change.drops) this.remove(id)
    if (updates === 0 && members.length === 0 && ownTimeoutSeconds === undefined) return
    this.#change(id, change.firstAtMs, (held) => {
      for (const { name, operations } of members) {
        if (only !== undefined && !change.drops && !only.has(name.toLowerCase())) continue
        for (const operation of operations) held.apply(name, operation, collectionLimits.names)
      }
      if (ownTimeoutSeconds !== undefined) held.ownTimeoutSeconds = ownTimeoutSeconds ?? undefined
      held.touch({ atMs: lastAtMs, timeoutSeconds, updates })
    })
  }

  /** Takes over a state. Whether all that was known of this collection has gone with it. */
  put(state: CollectionState): boolean {
    const { id, createdAtMs } = state
    const known = this.#shelf(id).held.get(id)
    const replaces = state.isComplete || known?.createdAtMs !== createdAtMs
    if (replaces) this.remove(id)
    this.#change(id, createdAtMs, (held) => held.put(state), Number.NEGATIVE_INFINITY)
    return replaces
  }

  /** Whether there was one. */
  remove(id: string): boolean {
    const shelf = this.#shelf(id)
    const held = shelf.held.get(id)
    if (held === undefined) return false
    shelf.bytes -= held.bytes
    return shelf.held.delete(id)
  }

  /** `undefined` when there is none. Reading a state does not count as use. */
  state(id: string, only?: ReadonlySet<string>): CollectionState | undefined {
    return this.#shelf(id).held.get(id)?.state(id, only)
  }

  ids(name: PersistentName): Iterable<string> {
    return this.#shelves.get(name)?.held.keys() ?? []
  }

  size(name: PersistentName): number {
    return this.#shelves.get(name)?.held.size ?? 0
  }

  #apply({ id, atMs, timeoutSeconds, isFirst, what }: CollectionWrite): boolean {
    if (what.kind === 'drop') {
      this.remove(id)
      return true // others may have it
    }
    const isRemoval = what.kind === 'member' && (what.operation.kind === 'delete' || what.operation.kind === 'decay')
    if (isRemoval && this.find(id, atMs) === undefined) return false
    let hasChanged = true
    this.#change(id, atMs, (held) => {
      if (what.kind === 'timeout') held.ownTimeoutSeconds = what.seconds
      else hasChanged = held.apply(what.name, what.operation, collectionLimits.names)
      if (hasChanged) held.touch({ atMs, timeoutSeconds, updates: isFirst ? 1 : 0 })
    })
    return hasChanged
  }

  /** Changes the collection, a new one when there is none or its time is over, and keeps to the limits. */
  #change(id: string, atMs: number, change: (held: HeldCollection) => void, aliveAtMs = atMs): void {
    const shelf = this.#shelf(id)
    const known = this.find(id, aliveAtMs)
    if (known === undefined) this.remove(id)
    const held = known ?? new HeldCollection(atMs)
    shelf.bytes -= known?.bytes ?? 0
    change(held)
    shelf.bytes += held.bytes
    this.#moveToEnd(id, held)
    this.#evict(shelf)
  }

  #moveToEnd(id: string, held: HeldCollection): void {
    const { held: all } = this.#shelf(id)
    all.delete(id)
    all.set(id, held)
  }

  #evict(shelf: Shelf): void {
    while (shelf.held.size > collectionLimits.collections || shelf.bytes > collectionLimits.bytes) {
      const oldest = shelf.oldest.next()
      if (oldest === undefined || !this.remove(oldest)) return
    }
  }

  #shelf(id: string): Shelf {
    const shelf = this.#shelves.get(nameOf(id))
    if (shelf === undefined) throw new Error(`${id} is no collection`) // ids are made or checked by collection-id.ts
    return shelf
  }
}

function emptyShelf(): Shelf {
  const held = new Map<string, HeldCollection>()
  return { held, oldest: new OldestFirst(held), bytes: 0 }
}
