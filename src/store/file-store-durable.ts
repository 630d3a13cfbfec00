import { randomBytes } from 'node:crypto'
import { chmod, link, lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Keys are secrets: the owner alone. */
export const fileMode = 0o600
export const folderMode = 0o700

export interface ReplaceOptions {
  /** Default: 0600. */
  readonly mode?: number
  /** Where the bytes are written first: on the same file system. Default: a path beside the file. */
  readonly temporary?: string
  /** Asked before the bytes take the file's place; what it throws leaves the old file. */
  readonly check?: () => void
}

/** Replaces a file: whoever reads it, now or after a crash, sees the old bytes or the new ones, whole. */
export async function replaceFile(path: string, bytes: Buffer | string, options: ReplaceOptions = {}): Promise<void> {
  const { mode = fileMode, temporary = besides(path) } = options
  await writeTemporary(temporary, bytes, mode)
  try {
    options.check?.()
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Creates a file with its whole content, or answers `false` when it exists already. */
export async function createFile(path: string, bytes: Buffer | string): Promise<boolean> {
  const temporary = besides(path)
  await writeTemporary(temporary, bytes, fileMode)
  try {
    // link, not rename: it refuses an existing name, which makes it the test-and-set of the locks.
    await link(temporary, path)
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
  await syncFolder(dirname(path))
  return true
}

/** Makes a folder and its parents, 0700 each that is new, and lasting. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: folderMode })
  if (first !== undefined) await syncFolder(dirname(first))
}

/** A file's bytes, `undefined` when there is none; wrong modes are narrowed and reported to `repaired`. */
export async function readSecret(path: string, repaired: (path: string) => void): Promise<Buffer | undefined> {
  try {
    await narrowMode(path, fileMode, repaired)
    return await readFile(path)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Takes from a file or folder what it grants to others. A file of another owner is left as it is. */
export async function narrowMode(path: string, mode: number, repaired: (path: string) => void): Promise<void> {
  const found = await lstat(path)
  if (found.isSymbolicLink() || (found.mode & 0o777 & ~mode) === 0) return
  try {
    await chmod(path, mode)
    repaired(path)
  } catch (error) {
    if (!hasErrno(error, 'EPERM')) throw error
  }
}

/** A rename lasts only once the folder that holds the name is on disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export function hasErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/** `false` only where there is certainly nothing. */
export async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error) => !hasErrno(error, 'ENOENT'),
  )
}

/** A path of its own for what is to be renamed to `path`; it is tidied away as a leftover. */
export function besides(path: string): string {
  return `${path}~${process.pid}.${randomBytes(6).toString('hex')}.tmp`
}

async function writeTemporary(temporary: string, bytes: Buffer | string, mode: number): Promise<void> {
  const file = await open(temporary, 'wx', mode)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await file.close()
  }
}
