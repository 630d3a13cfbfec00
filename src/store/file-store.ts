import { readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EdgeError } from '../errors.ts'
import { field } from '../log.ts'
import type { Store, StoreLock, WriteOptions } from './contract.ts'
import {
  folderMode,
  hasErrno,
  makeFolder,
  narrowMode,
  readSecret,
  replaceFile,
  syncFolder,
} from './file-store-durable.ts'
import { removeUnderLock, replaceUnderLock } from './file-store-fence.ts'
import { guard } from './file-store-guard.ts'
import { removeLeftovers } from './file-store-leftovers.ts'
import { takeLock } from './file-store-lock.ts'
import { parseKey } from './store-key.ts'
import { decodeRecord, encodeRecord } from './store-record.ts'
import type { WarningLog } from './warning-log.ts'

export interface FileStoreOptions {
  readonly folder: string
  readonly log: WarningLog
}

/** The suffix of a value's second copy. Keys cannot hold `~`, so it never meets a key. */
const copySuffix = '~'

/**
 * Opens (and makes) a store of files: `state/<key>` with a checksum and a second copy each, `locks/`, and beside them the
 * certificates. Wrong modes are repaired and logged. Throws ACME_EDGE_STORE_UNREADABLE.
 */
export async function openFileStore(options: FileStoreOptions): Promise<Store> {
  const files = { state: join(options.folder, 'state'), locks: join(options.folder, 'locks'), log: options.log }
  await guard('UNREADABLE', options.folder, async () => {
    for (const folder of [options.folder, files.state, files.locks]) {
      await makeFolder(folder)
      await narrowMode(folder, folderMode, (path) => warnMode(files, path))
    }
    await removeLeftovers(options.folder, Date.now())
  })
  return {
    read: (key) => readValue(files, key),
    write: (key, value, options) => writeValue(files, { key, value }, options),
    remove: (key, options) => removeValue(files, key, options),
    list: (prefix) => listKeys(files, prefix),
    lock: (name, signal) => lockName(files, name, signal),
  }
}

interface Files {
  readonly state: string
  readonly locks: string
  readonly log: WarningLog
}

async function readValue(files: Files, key: string): Promise<Buffer | undefined> {
  const path = pathOf(files, key)
  return guard('UNREADABLE', path, async () => {
    const repaired = (wrong: string) => warnMode(files, wrong)
    const first = await readSecret(path, repaired)
    const value = first && decodeRecord(first)
    if (value) return value
    const second = await readSecret(path + copySuffix, repaired)
    const good = second && decodeRecord(second)
    if (good) return restore(files, path, good)
    if (first ?? second) throw damaged(path)
    return undefined
  })
}

/** The copy is good and the file is not: the file is written again, so that the next fault finds two copies, too. */
async function restore(files: Files, path: string, good: Buffer): Promise<Buffer> {
  files.log.warn({ [field.path]: path }, 'a damaged file of the store was restored from its last good copy')
  // A disk that takes no writes must not make a readable value unreadable.
  await replaceFile(path, encodeRecord(good)).catch(() => undefined)
  return good
}

interface Entry {
  readonly key: string
  readonly value: Buffer | string
}

async function writeValue(files: Files, { key, value }: Entry, { lock }: WriteOptions = {}): Promise<void> {
  const path = pathOf(files, key)
  const record = encodeRecord(Buffer.from(value))
  const replace = (file: string) =>
    lock === undefined ? replaceFile(file, record) : replaceUnderLock(files.locks, file, record, lock)
  await guard('UNWRITABLE', path, async () => {
    await makeFolder(dirname(path))
    // One after the other: at every moment one of the two is whole.
    await replace(path)
    await replace(path + copySuffix)
  })
}

async function removeValue(files: Files, key: string, { lock }: WriteOptions = {}): Promise<void> {
  const path = pathOf(files, key)
  await guard('UNWRITABLE', path, async () => {
    // The copy first: a crash in between leaves the value, never a ghost that comes back.
    const both = [path + copySuffix, path]
    if (lock !== undefined) await removeUnderLock(files.locks, both, lock)
    else for (const file of both) await rm(file, { force: true })
    await syncFolder(dirname(path)).catch(ignoreMissing)
  })
}

async function listKeys(files: Files, prefix: string): Promise<string[]> {
  return guard('UNREADABLE', files.state, async () => {
    const entries = await readdir(files.state, { recursive: true, withFileTypes: true })
    const keys = entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
      .map((entry) => join(entry.parentPath, entry.name).slice(files.state.length + 1))
      .map((key) => (key.endsWith(copySuffix) ? key.slice(0, -copySuffix.length) : key))
      .filter((key) => key.startsWith(prefix) && !key.includes(copySuffix))
    return [...new Set(keys)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  })
}

async function lockName(files: Files, name: string, signal: AbortSignal): Promise<StoreLock> {
  const segments = parseKey(name)
  return guard('UNWRITABLE', files.locks, () => takeLock(files.locks, { name, file: segments.join('@') }, signal))
}

function pathOf(files: Files, key: string): string {
  return join(files.state, ...parseKey(key))
}

function ignoreMissing(error: unknown): void {
  if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error
}

function damaged(path: string): EdgeError {
  const advice = `restore ${path} from a backup, or delete it and ${path}~ to begin anew`
  return new EdgeError('ACME_EDGE_STORE_UNREADABLE', `the stored value and its copy are both damaged: ${advice}`)
}

function warnMode(files: Files, path: string): void {
  files.log.warn({ [field.path]: path }, 'a file of the store could be read by others; its mode was repaired')
}
