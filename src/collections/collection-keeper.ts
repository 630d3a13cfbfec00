import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { field, type Logger } from '../log.ts'
import type { Store } from '../store/contract.ts'
import type { CollectionChange, CollectionState } from '../waf/persistent/collection-change.ts'
import { nameOf } from '../waf/persistent/collection-id.ts'
import type { PersistentName } from '../waf/persistent/names.ts'
import { PersistentCollections } from '../waf/persistent/persistent-collections.ts'
import { formatCollection, parseCollection } from './collection-lines.ts'

/** Changes are on disk after so long: what a crash may cost. */
export const KEEP_MS = 1_000
/** Of collections that are written down before requests get their turn. */
const SLICE = 200
/** A failing disk is tried again, and reported, at most this often. */
const RETRY_MS = 60_000

/** A disk that hangs must not keep a stopping edge. */
const CLOSE_MS = 2_000

const PREFIX = 'collections/'
/** Collections of one name are spread over so many records, so that a change rewrites a part of them. */
const SHARDS = 4

export interface KeeperOptions {
  readonly store: Store
  readonly log: Logger
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number
  /** Default: KEEP_MS. */
  readonly intervalMs?: number
}

/**
 * Holds the persistent collections and keeps them in the store, in the background: a request never waits for it. This is the
 * WAF's memory, not a key: a record that is damaged is logged and left out, and what is lost is the last second before a
 * crash.
 */
export class CollectionKeeper {
  readonly memory: PersistentCollections
  readonly #options: KeeperOptions
  readonly #now: () => number
  readonly #changed = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #writing = Promise.resolve()
  #isClosed = false

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.memory = new PersistentCollections({ note: ({ id }) => this.#mark(id) })
  }

  /** What processes that run rules have done. */
  apply(change: CollectionChange): void {
    this.memory.apply(change)
    this.#mark(change.id)
  }

  /** Takes in what the store has kept and what has not expired since. Never fails. */
  async load(): Promise<void> {
    const { store, log } = this.#options
    try {
      const found: CollectionState[] = []
      for (const key of await store.list(PREFIX)) found.push(...(await this.#readRecord(key)))
      // Those that have changed last are the last to be pushed out.
      for (const state of found.sort((a, b) => a.updatedAtMs - b.updatedAtMs)) this.#take(state)
    } catch (error) {
      log.warn({ [field.error]: messageOf(error) }, 'the persistent collections cannot be read; they begin anew')
    }
  }

  /** Writes what has not been written; for the end of the process. */
  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    const isDone = this.#writing.then(() => this.#write()).then(() => true)
    if (await Promise.race([isDone, delay(CLOSE_MS, false, { ref: false })])) return
    this.#options.log.error({}, 'the persistent collections were not written in time; the last changes are lost')
  }

  async #readRecord(key: string): Promise<CollectionState[]> {
    const { store, log } = this.#options
    try {
      const lines = (await store.read(key))?.toString('utf8').split('\n').filter(Boolean) ?? []
      const states = lines.flatMap((line) => parseCollection(line) ?? [])
      const damaged = lines.length - states.length
      if (damaged > 0) log.warn({ [field.path]: key, damaged }, 'damaged persistent collections were left out')
      return states
    } catch (error) {
      log.warn({ [field.path]: key, [field.error]: messageOf(error) }, 'damaged persistent collections were left out')
      return []
    }
  }

  #take(state: CollectionState): void {
    const nowMs = this.#now()
    if (state.expiresAtMs > nowMs) this.memory.put(state.updatedAtMs > nowMs ? correctTimes(state, nowMs) : state)
  }

  #mark(id: string): void {
    this.#changed.add(recordOf(id))
    this.#plan(this.#options.intervalMs ?? KEEP_MS)
  }

  /** One at a time: the next pass is planned when this one is through, however long the disk takes. */
  #plan(delayMs: number): void {
    if (this.#timer !== undefined || this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#writing = this.#write().then((isWritten) => {
        this.#timer = undefined
        if (this.#changed.size > 0) this.#plan(isWritten ? (this.#options.intervalMs ?? KEEP_MS) : RETRY_MS)
      })
    }, delayMs)
    this.#timer.unref()
  }

  async #write(): Promise<boolean> {
    const records = [...this.#changed]
    try {
      for (const record of records) {
        this.#changed.delete(record)
        await this.#writeRecord(record)
      }
      return true
    } catch (error) {
      for (const record of records) this.#changed.add(record)
      const fields = { [field.error]: messageOf(error) }
      this.#options.log.error(fields, 'the persistent collections cannot be written; they are kept in memory')
      return false
    }
  }

  async #writeRecord(record: string): Promise<void> {
    const { store } = this.#options
    const lines = await this.#format(record)
    if (lines.length === 0) await store.remove(PREFIX + record)
    else await store.write(PREFIX + record, lines.join('\n'))
  }

  /** What has expired is forgotten on this occasion. */
  async #format(record: string): Promise<string[]> {
    const ids = [...this.memory.ids(nameOfRecord(record))].filter((id) => recordOf(id) === record)
    const lines: string[] = []
    for (const [index, id] of ids.entries()) {
      if (index % SLICE === SLICE - 1) await nextTurn()
      if (this.memory.find(id, this.#now()) === undefined) this.memory.remove(id)
      const state = this.memory.state(id)
      if (state !== undefined) lines.push(formatCollection(state))
    }
    return lines
  }
}

/** The clock was ahead when this was written: it would live on until then. */
function correctTimes(state: CollectionState, nowMs: number): CollectionState {
  return { ...state, updatedAtMs: nowMs, expiresAtMs: nowMs + (state.expiresAtMs - state.updatedAtMs) }
}

/** `session-2`: the record that a collection is kept in. */
function recordOf(id: string): string {
  const last = id.charCodeAt(id.length - 1)
  return `${nameOf(id)}-${last % SHARDS}`
}

function nameOfRecord(record: string): PersistentName {
  return record.slice(0, record.indexOf('-')) as PersistentName // as `recordOf` has made it
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
