import type { Store } from '../../store/contract.ts'
import { isObject } from '../json.ts'
import type { FullAtMs } from './token-bucket.ts'

/** What is counted for one account or one registered domain: one value of the store. */
export interface BudgetRecord {
  /** Each bucket's time at which it is full again. */
  readonly buckets: Map<string, FullAtMs>
  /** Until when the CA refuses by its own word, where there is no bucket to say so. */
  readonly closed: Map<string, number>
}

export type Records = ReadonlyMap<string, BudgetRecord>

export interface RecordStore {
  readonly store: Store
  /** Of one CA; the records lie below it. */
  readonly folder: string
  readonly now: () => number
}

/** The record of that name. Those that are asked for were read. */
export function recordOf(records: Records, name: string): BudgetRecord {
  return records.get(name) ?? { buckets: new Map(), closed: new Map() }
}

export async function readRecords({ store, folder }: RecordStore, names: readonly string[]): Promise<Records> {
  const unique = [...new Set(names)]
  return new Map(
    await Promise.all(unique.map(async (name) => [name, parseRecord(await store.read(`${folder}/${name}`))] as const)),
  )
}

/** Reads, lets `work` change, and writes, under the one lock of the CA: replicas never count past each other. */
export async function changeRecords<T>(
  from: RecordStore,
  { names, work }: { readonly names: readonly string[]; readonly work: (records: Records) => T },
  signal: AbortSignal,
): Promise<T> {
  const { store, folder } = from
  const lock = await store.lock(folder, signal)
  try {
    const records = await readRecords(from, names)
    const before = new Map([...records].map(([name, record]) => [name, serialize(record, 0)]))
    const result = work(records)
    for (const [name, record] of records) {
      if (serialize(record, 0) !== before.get(name)) await writeRecord(from, name, record)
    }
    return result
  } finally {
    await lock.release()
  }
}

/** Removes the records in which nothing matters any more; a domain that is never ordered again is not kept for ever. */
export async function pruneRecords(from: RecordStore, signal: AbortSignal): Promise<void> {
  const { store, folder } = from
  const prefix = `${folder}/`
  for (const key of await store.list(prefix)) {
    const name = key.slice(prefix.length)
    // One lock each: an order never waits for the sweep of thousands.
    const lock = await store.lock(folder, signal)
    try {
      const record = parseRecord(await store.read(key))
      if (isEmpty(record, from.now())) await writeRecord(from, name, record)
    } finally {
      await lock.release()
    }
  }
}

async function writeRecord({ store, folder, now }: RecordStore, name: string, record: BudgetRecord): Promise<void> {
  const key = `${folder}/${name}`
  const nowMs = now()
  await (isEmpty(record, nowMs) ? store.remove(key) : store.write(key, serialize(record, nowMs)))
}

/** What is no record (written by hand, by another version) counts as an empty one: the CA has the last word anyway. */
function parseRecord(bytes: Buffer | undefined): BudgetRecord {
  const data = bytes === undefined ? undefined : parseJson(bytes)
  const object = isObject(data) ? data : {}
  return { buckets: toMap(object.buckets), closed: toMap(object.closed) }
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}

function toMap(value: unknown): Map<string, number> {
  const entries = isObject(value) ? Object.entries(value) : []
  return new Map(entries.filter((entry): entry is [string, number] => Number.isFinite(entry[1])))
}

/** Without what is past: a bucket that is full again, a word of the CA that has run out. */
function serialize({ buckets, closed }: BudgetRecord, nowMs: number): string {
  const current = (map: ReadonlyMap<string, number>) => Object.fromEntries([...map].filter(([, ms]) => ms > nowMs))
  return JSON.stringify({ buckets: current(buckets), closed: current(closed) })
}

function isEmpty({ buckets, closed }: BudgetRecord, nowMs: number): boolean {
  return [...buckets.values(), ...closed.values()].every((ms) => ms <= nowMs)
}
