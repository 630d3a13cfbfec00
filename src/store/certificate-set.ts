import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, realpath, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoreLock } from './contract.ts'
import {
  besides,
  fileMode,
  folderMode,
  hasErrno,
  makeFolder,
  narrowMode,
  replaceFile,
  syncFolder,
} from './file-store-durable.ts'
import { linkUnderLock } from './file-store-fence.ts'
import { decodeRecord, encodeRecord } from './store-record.ts'

/** Key and chain, as the files hold them. */
export interface CertificateSet {
  readonly fullChainPem: string
  readonly privateKeyPem: string
  /** The directory of the CA that gave it; `undefined`: it is from elsewhere, or nobody noted it. */
  readonly directory?: string | undefined
}

/** What is under `live/<name>`. */
export interface LiveSet extends CertificateSet {
  /** The set's own copy, where it is whole; `undefined` where the files were made by hand. */
  readonly recorded: CertificateSet | undefined
}

/** Generations that are kept, the live one included. */
const keptGenerations = 3
/** The checksummed copy of the set, beside the files that other programs read. */
const recordName = 'set.record'

/** The certificates of a PEM text, in order. */
export function splitPem(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}

/** The files under `live/<name>` (empty texts for missing ones), `undefined` when there is no such folder. */
export async function readSet(folder: string, name: string): Promise<LiveSet | undefined> {
  const live = join(folder, 'live', name)
  if (!(await exists(live))) return undefined
  // The link is resolved once: all files come from one generation, even while another is being installed.
  const generation = await realpath(live).catch(() => live)
  const read = (file: string) => readFile(join(generation, file), 'utf8').catch(emptyWhenMissing)
  const keyFile = join(generation, 'privkey.pem')
  await narrowMode(keyFile, fileMode, () => undefined).catch(emptyWhenMissing)
  const fullChainPem = await read('fullchain.pem')
  const recorded = await readRecord(generation)
  // The note is of the certificate that it was written with, and of no other that somebody has put in its place.
  const isSame = splitPem(recorded?.fullChainPem ?? '')[0] === splitPem(fullChainPem)[0]
  const directory = isSame ? recorded?.directory : undefined
  return { fullChainPem, privateKeyPem: await read('privkey.pem'), directory, recorded }
}

/**
 * Whether the end of a file is missing. Cut off between two certificates, or before its last line end, it looks whole, but for the
 * set's own checksummed copy.
 */
export function isCutShort({ fullChainPem, privateKeyPem, recorded }: LiveSet): boolean {
  if (recorded === undefined) return false // what is there has to do
  const isBeginning = (found: string, whole: string) => found !== whole && whole.startsWith(found)
  return isBeginning(privateKeyPem, recorded.privateKeyPem) || isBeginning(fullChainPem, chainText(recorded))
}

/** As `fullchain.pem` is written. */
function chainText({ fullChainPem }: CertificateSet): string {
  return splitPem(fullChainPem)
    .map((pem) => `${pem}\n`)
    .join('')
}

/**
 * Writes a generation and makes it the live one. Call it under the lock of the name; given that, throws ACME_EDGE_STORE_STALE,
 * and leaves the live one, when somebody has taken it since.
 */
export async function writeSet(
  folder: string,
  set: CertificateSet & { readonly name: string },
  lock?: StoreLock,
): Promise<void> {
  const archive = join(folder, 'archive', set.name)
  await makeFolder(archive)
  const generation = Math.max(0, ...(await generations(archive))) + 1
  const target = join(archive, String(generation))
  await mkdir(target, { mode: folderMode })
  const [leaf = '', ...rest] = splitPem(set.fullChainPem).map((pem) => `${pem}\n`)
  await replaceFile(join(target, 'privkey.pem'), set.privateKeyPem)
  await replaceFile(join(target, 'cert.pem'), leaf)
  await replaceFile(join(target, 'chain.pem'), rest.join(''))
  await replaceFile(join(target, 'fullchain.pem'), chainText(set))
  await replaceFile(join(target, recordName), encodeSet(set))
  await syncFolder(archive)
  await swapLink(folder, { name: set.name, generation }, lock).catch(async (error) => {
    // As the newest one it would come back when the live one is damaged.
    await rm(target, { recursive: true, force: true })
    throw error
  })
  await prune(archive, generation)
}

/** The sets of a name that are kept and whole, the newest first. */
export async function archivedSets(folder: string, name: string): Promise<CertificateSet[]> {
  const archive = join(folder, 'archive', name)
  const newestFirst = (await generations(archive)).sort((a, b) => b - a)
  const sets = await Promise.all(newestFirst.map((generation) => readRecord(join(archive, String(generation)))))
  return sets.filter((set) => set !== undefined)
}

async function readRecord(generation: string): Promise<CertificateSet | undefined> {
  const record = await readFile(join(generation, recordName)).catch(() => undefined)
  return record && decodeSet(record)
}

/** The set as one checksummed value. */
export function encodeSet({ fullChainPem, privateKeyPem, directory }: CertificateSet): Buffer {
  return encodeRecord(Buffer.from(JSON.stringify({ fullChainPem, privateKeyPem, directory })))
}

/** `undefined`: it is damaged. */
export function decodeSet(record: Buffer): CertificateSet | undefined {
  const value = decodeRecord(record)
  return value && (JSON.parse(value.toString()) as CertificateSet) // checksummed: written by encodeSet()
}

/** Makes the newest generation live again whose checksummed copy is whole; `undefined` when there is none. */
export async function restoreSet(folder: string, name: string): Promise<CertificateSet | undefined> {
  // A folder that somebody made by hand is theirs: it is never replaced by an older certificate of ours.
  if (!(await lstat(join(folder, 'live', name))).isSymbolicLink()) return undefined
  const [set] = await archivedSets(folder, name)
  if (set !== undefined) await writeSet(folder, { name, ...set })
  return set
}

interface Generation {
  readonly name: string
  readonly generation: number
}

async function swapLink(folder: string, { name, generation }: Generation, lock?: StoreLock): Promise<void> {
  const live = join(folder, 'live')
  const target = join('..', 'archive', name, String(generation))
  await makeFolder(live)
  await setAside(join(live, name), join(folder, 'archive', name))
  // Of a lock that lies in Redis there is nothing here: then `push` to the others finds out who is later.
  if (lock !== undefined) await linkUnderLock(join(folder, 'locks'), { path: join(live, name), target }, lock)
  else await replaceLink(join(live, name), target)
  await syncFolder(live)
}

async function replaceLink(path: string, target: string): Promise<void> {
  const temporary = besides(path)
  await symlink(target, temporary)
  await rename(temporary, path)
}

/** A real folder at the link's place (copied there by hand) cannot be swapped; it is kept, with its files, in the archive. */
async function setAside(live: string, archive: string): Promise<void> {
  const found = await lstat(live).catch(() => undefined)
  if (found?.isDirectory()) await rename(live, join(archive, `replaced-${randomBytes(4).toString('hex')}`))
}

async function generations(archive: string): Promise<number[]> {
  const entries = await readdir(archive).catch(() => [])
  return entries.filter((entry) => /^\d{1,9}$/.test(entry)).map(Number)
}

async function prune(archive: string, newest: number): Promise<void> {
  const old = (await generations(archive)).filter((generation) => generation <= newest - keptGenerations)
  await Promise.all(old.map((generation) => rm(join(archive, String(generation)), { recursive: true, force: true })))
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false
    throw error
  }
}

function emptyWhenMissing(error: unknown): string {
  if (hasErrno(error, 'ENOENT')) return ''
  throw error
}
