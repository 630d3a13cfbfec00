import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { EdgeError } from '../errors.ts'
import type { StoreLock } from './contract.ts'
import { createFile, hasErrno, isThere, makeFolder, replaceFile } from './file-store-durable.ts'
import { acquisitionPath, draftsBefore, fencings, highestFencing } from './file-store-lock-files.ts'
import { judgeProcess, ownIdentity, type ProcessIdentity } from './file-store-process.ts'
import { staleLock } from './stale-lock.ts'

const pollMs = 50
const heartbeatMs = 5_000
/** A holder that cannot be asked (another container or machine) counts as dead after this silence. */
const silenceMs = 30_000

interface Holder extends ProcessIdentity {
  readonly held: boolean
}

export interface LockName {
  /** As callers know it. */
  readonly name: string
  /** The same as part of a file's name. */
  readonly file: string
}

/**
 * Takes the lock `name` of a folder. Each acquisition is a file `<name>~<fencing>` made by exclusive creation; the highest
 * one is the lock. It is free when its holder released it or died. The highest file is never deleted, so the number only
 * grows, and a latecomer that judged an old file can never undo a newer one. When it is taken, what was about to be changed
 * under it before cannot be any more (file-store-fence.ts).
 * Throws ACME_EDGE_STORE_BUSY when the signal aborts first.
 */
export async function takeLock(folder: string, { name, file }: LockName, signal: AbortSignal): Promise<StoreLock> {
  await makeFolder(folder)
  for (;;) {
    const last = highestFencing(await readdir(folder), file)
    const holder = last === 0 ? undefined : await readHolder(acquisitionPath(folder, file, last))
    if (holder === 'held') {
      await waitOrFail(folder, name, signal)
      continue
    }
    if (await tryAcquire(folder, file, last + 1)) return hold(folder, { name, file }, last + 1)
  }
}

async function tryAcquire(folder: string, file: string, fencing: number): Promise<boolean> {
  const path = acquisitionPath(folder, file, fencing)
  if (!(await createFile(path, describe(true)))) return false
  try {
    // Somebody may have taken, released and tidied this number away since we looked: only the highest file is the lock.
    const files = await readdir(folder)
    if (highestFencing(files, file) > fencing) {
      await rm(path, { force: true })
      return false
    }
    // A draft that is being written or filled has to be tried again.
    const thoroughly = { recursive: true, force: true, maxRetries: 10, retryDelay: 10 }
    const drafts = draftsBefore(folder, files, { name: file, fencing })
    await Promise.all(drafts.map((draft) => rm(draft, thoroughly)))
    const older = fencings(files, file).filter((number) => number < fencing)
    await Promise.all(older.map((number) => rm(acquisitionPath(folder, file, number), { force: true })))
    return true
  } catch (error) {
    // Nobody holds it then, and others need not wait for this process to end.
    await replaceFile(path, describe(false)).catch(() => undefined)
    throw error
  }
}

function hold(folder: string, { name, file }: LockName, fencing: number): StoreLock {
  const path = acquisitionPath(folder, file, fencing)
  const lost = new AbortController()
  const heartbeat = setInterval(async () => {
    if (await beat(path)) return
    clearInterval(heartbeat)
    lost.abort(staleLock(name))
  }, heartbeatMs)
  heartbeat.unref()
  return {
    ...{ name, fencing, signal: lost.signal },
    async release() {
      clearInterval(heartbeat)
      // A file that is gone was tidied away by a successor; making it again would do no harm, but it is not ours any more.
      if (!lost.signal.aborted && (await isThere(path))) await replaceFile(path, describe(false))
    },
  }
}

async function readHolder(path: string): Promise<'held' | 'free'> {
  try {
    const holder = JSON.parse(await readFile(path, 'utf8')) as Holder // written by describe(), whole or not at all
    if (!holder.held) return 'free'
    const state = judgeProcess(holder)
    if (state !== 'foreign') return state === 'alive' ? 'held' : 'free'
    return Date.now() - (await stat(path)).mtimeMs < silenceMs ? 'held' : 'free'
  } catch (error) {
    // Tidied away between the listing and the reading, or damaged: a damaged lock must not stop the edge for ever.
    if (hasErrno(error, 'ENOENT') || error instanceof SyntaxError) return 'free'
    throw error
  }
}

async function waitOrFail(folder: string, name: string, signal: AbortSignal): Promise<void> {
  try {
    await sleep(pollMs, undefined, { signal })
  } catch (error) {
    const message = `another acme-edge holds the lock ${name} in ${folder}; wait for it to end, or stop it`
    throw new EdgeError('ACME_EDGE_STORE_BUSY', message, { cause: error })
  }
}

/** `false`: the file is gone, since a successor took the lock. What else fails is tried again. */
async function beat(path: string): Promise<boolean> {
  const now = new Date()
  return utimes(path, now, now).then(
    () => true,
    (error) => !hasErrno(error, 'ENOENT'),
  )
}

function describe(held: boolean): string {
  return JSON.stringify({ ...ownIdentity(), held } satisfies Holder)
}
