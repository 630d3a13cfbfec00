import { detach } from '../detach.ts'
import { Cell, Entry } from '../entry.ts'
import { toNumber } from '../to-number.ts'
import type { CollectionWrite } from './collection-change.ts'
import { collectionId } from './collection-id.ts'
import type { Member, MemberOperation } from './member.ts'
import { type BuiltInName, builtInNames, isBuiltInName, type PersistentName } from './names.ts'
import { collectionLimits, type PersistentCollections } from './persistent-collections.ts'

export interface OpenOptions {
  readonly name: PersistentName
  readonly key: string
  readonly webAppId: string
  /** SecCollectionTimeout. */
  readonly timeoutSeconds: number
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What the transaction has found when it opened the collection. */
interface Found {
  readonly openedAtMs: number
  readonly createdAtMs: number
  /** `undefined`: it is new. */
  readonly updatedAtMs: number | undefined
  readonly updates: number
}

/** One operation of a rule on a member, without its time. */
type Wanted = MemberOperation extends infer Operation
  ? Operation extends MemberOperation
    ? Omit<Operation, 'atMs'>
    : never
  : never

/**
 * A persistent collection as one transaction sees it, from initcol to its end. Members are those of the moment, which
 * other transactions change, too; what the engine itself keeps (IS_NEW, UPDATE_COUNTER …) stays as it was found. A
 * collection that is only looked at is not kept.
 */
export class OpenCollection {
  readonly #memory: PersistentCollections
  readonly #id: string
  readonly #name: string
  readonly #options: OpenOptions
  readonly #found: Found
  #isChanged = false
  #isDropped = false

  constructor(memory: PersistentCollections, options: OpenOptions) {
    const { name, key, webAppId } = options
    this.#memory = memory
    this.#options = options
    this.#name = name.toUpperCase()
    this.#id = collectionId(name, key, webAppId)
    this.#found = this.#open()
  }

  get key(): string {
    return this.#options.key
  }

  get(lowerKey: string): string | undefined {
    return isBuiltInName(lowerKey) ? this.#builtIn(lowerKey) : this.#member(lowerKey)?.value
  }

  find(lowerKey: string): readonly Entry[] {
    if (!isBuiltInName(lowerKey)) return this.#entries(this.#member(lowerKey))
    const value = this.#builtIn(lowerKey)
    return value === undefined ? [] : [this.#entry(lowerKey.toUpperCase(), value)]
  }

  entries(): readonly Entry[] {
    const nowMs = this.#options.now()
    const members = this.#memory.find(this.#id, nowMs)?.all(nowMs) ?? []
    return [...builtInNames.flatMap((name) => this.find(name)), ...members.flatMap((member) => this.#entries(member))]
  }

  set(name: string, value: string): void {
    if (name.toLowerCase() === 'timeout') this.#setTimeout(toNumber(value))
    else this.#write(name, { kind: 'set', value: cut(value) })
  }

  add(name: string, delta: number): void {
    if (name.toLowerCase() === 'timeout') this.#setTimeout(toNumber(this.get('timeout') ?? '') + delta)
    else this.#write(name, { kind: 'add', delta })
  }

  /** Without its KEY a collection is gone as a whole. */
  delete(lowerKey: string): void {
    if (lowerKey === 'key') this.#drop()
    else if (lowerKey === 'timeout') this.#setTimeout(undefined)
    else this.#write(lowerKey, { kind: 'delete' })
  }

  /** The value is gone from that moment on, in this transaction, too. */
  expireAfter(name: string, delayMs: number): void {
    if (delayMs <= 0) this.#write(name, { kind: 'delete' })
    else this.#write(name, { kind: 'expire', expiresAtMs: this.#options.now() + delayMs })
  }

  /** Takes the amount away for each period that has gone by. */
  decay(name: string, amount: number, periodMs: number): void {
    this.#write(name, { kind: 'decay', amount, periodMs })
  }

  #open(): Found {
    const openedAtMs = this.#options.now()
    const held = this.#memory.open(this.#id, openedAtMs)
    if (held === undefined) return { openedAtMs, createdAtMs: openedAtMs, updatedAtMs: undefined, updates: 0 }
    const { createdAtMs, updatedAtMs, updates } = held
    return { openedAtMs, createdAtMs, updatedAtMs, updates }
  }

  #builtIn(name: BuiltInName): string | undefined {
    if (this.#isDropped) return undefined
    const { openedAtMs, createdAtMs, updatedAtMs, updates } = this.#found
    switch (name) {
      case 'create_time':
        return seconds(createdAtMs)
      case 'is_new':
        return updatedAtMs === undefined ? '1' : '0'
      case 'key':
        return cut(this.#options.key)
      case 'last_update_time':
        return updatedAtMs === undefined ? undefined : seconds(updatedAtMs)
      case 'timeout':
        return String(this.#ownTimeoutSeconds() ?? this.#options.timeoutSeconds)
      case 'update_counter':
        return String(updates)
      case 'update_rate':
        return String(updatesPerMinute(updates, openedAtMs - createdAtMs))
    }
  }

  #ownTimeoutSeconds(): number | undefined {
    return this.#memory.find(this.#id, this.#options.now())?.ownTimeoutSeconds
  }

  #member(lowerKey: string): Member | undefined {
    return this.#memory.member(this.#id, lowerKey.slice(0, collectionLimits.textBytes), this.#options.now())
  }

  #entries(member: Member | undefined): Entry[] {
    return member?.value === undefined ? [] : [this.#entry(member.name, member.value)]
  }

  /** New with every look: a cell keeps results of one rule set, and a collection outlives it. */
  #entry(name: string, value: string): Entry {
    return new Entry(this.#name, name, new Cell(value))
  }

  #write(name: string, wanted: Wanted): void {
    if (isBuiltInName(name.toLowerCase())) return // read-only
    const operation: MemberOperation = { ...wanted, atMs: this.#options.now() }
    this.#change({ kind: 'member', name: cut(name), operation })
  }

  #setTimeout(wantedSeconds: number | undefined): void {
    this.#change({ kind: 'timeout', seconds: wantedSeconds === undefined ? undefined : Math.max(0, wantedSeconds) })
  }

  #drop(): void {
    this.#change({ kind: 'drop' })
    this.#isDropped = true
  }

  #change(what: CollectionWrite['what']): void {
    if (this.#isDropped) return
    const { timeoutSeconds, now } = this.#options
    const hasChanged = this.#memory.write({
      id: this.#id,
      atMs: now(),
      timeoutSeconds,
      isFirst: !this.#isChanged,
      what,
    })
    this.#isChanged ||= hasChanged
  }
}

/** Values may come from requests: they are cut, and hold nothing else of the request in memory. */
function cut(text: string): string {
  return detach(text.slice(0, collectionLimits.textBytes))
}

function seconds(timeMs: number): string {
  return String(Math.floor(timeMs / 1000))
}

/** On average since creation; none as long as no second has gone by. */
function updatesPerMinute(updates: number, ageMs: number): number {
  const ageSeconds = Math.floor(ageMs / 1000)
  return ageSeconds <= 0 ? 0 : Math.floor((60 * updates) / ageSeconds)
}
