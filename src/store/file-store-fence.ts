import { readdirSync } from 'node:fs'
import { mkdir, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoreLock } from './contract.ts'
import { folderMode, hasErrno, isThere, makeFolder, replaceFile } from './file-store-durable.ts'
import { draftPath, highestFencing } from './file-store-lock-files.ts'
import { staleLock } from './stale-lock.ts'
import { parseKey } from './store-key.ts'

/*
 * Whether the lock is still held is asked before a change, and a process can be stopped for any time between the answer and
 * the change. So every change is one rename from or into a draft in the folder of locks, which lies there before the
 * question. Who takes a lock removes the drafts of those before it, before it does anything: a rename that comes later finds
 * no draft, and fails. A draft that is made later is followed by a question whose answer is no.
 */

/** Replaces a file as long as nobody has taken the lock since. Throws ACME_EDGE_STORE_STALE, and leaves the old file. */
export async function replaceUnderLock(locks: string, path: string, bytes: Buffer, lock: StoreLock): Promise<void> {
  const temporary = draftOf(locks, lock)
  const check = () => checkLock(locks, lock)
  await replaceFile(path, bytes, { temporary, check }).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT')) check()
    throw error
  })
}

/** Puts a link in the place of another, on the same terms. */
export async function linkUnderLock(
  locks: string,
  { path, target }: { readonly path: string; readonly target: string },
  lock: StoreLock,
): Promise<void> {
  const draft = draftOf(locks, lock)
  await makeFolder(locks)
  await symlink(target, draft)
  try {
    checkLock(locks, lock)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    if (hasErrno(error, 'ENOENT')) checkLock(locks, lock)
    throw error
  }
}

/** Removes files, in this order, as long as nobody has taken the lock since; a missing one is fine. Throws as above. */
export async function removeUnderLock(locks: string, paths: readonly string[], lock: StoreLock): Promise<void> {
  const draft = draftOf(locks, lock)
  await mkdir(draft, { mode: folderMode })
  try {
    checkLock(locks, lock)
    for (const [i, path] of paths.entries()) {
      const isMoved = await move(path, join(draft, String(i)))
      if (!isMoved && !(await isThere(draft))) throw staleLock(lock.name)
    }
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** Throws ACME_EDGE_STORE_STALE when somebody has taken the lock since. */
function checkLock(locks: string, lock: StoreLock): void {
  const last = highestFencing(readdirSync(locks), fileOf(lock))
  if (last > lock.fencing || lock.signal.aborted) throw staleLock(lock.name)
}

function draftOf(locks: string, lock: StoreLock): string {
  return draftPath(locks, fileOf(lock), lock.fencing)
}

function fileOf({ name }: StoreLock): string {
  return parseKey(name).join('@')
}

/** `false` where one of the two places is missing. */
async function move(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to)
    return true
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}
