import { readdirSync } from 'node:fs'
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EdgeError } from '../errors.ts'
import type { StoreLock } from './contract.ts'
import { createFile, hasErrno, makeFolder, replaceFile } from './file-store-durable.ts'
import { judgeProcess, ownIdentity, type ProcessIdentity } from './file-store-process.ts'
import { staleLock } from './stale-lock.ts'
import { parseKey } from './store-key.ts'

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
 * grows, and a latecomer that judged an old file can never undo a newer one.
 * Throws ACME_EDGE_STORE_BUSY when the signal aborts first.
 */
export async function takeLock(folder: string, { name, file }: LockName, signal: AbortSignal): Promise<StoreLock> {
  await makeFolder(folder)
  for (;;) {
    const last = highest(fencings(await readdir(folder), file))
    const holder = last === 0 ? undefined : await readHolder(pathOf(folder, file, last))
    if (holder === 'held') {
      await waitOrFail(folder, name, signal)
      continue
    }
    if (await tryAcquire(folder, file, last + 1)) return hold(folder, { name, file }, last + 1)
  }
}

/**
 * Throws ACME_EDGE_STORE_STALE when somebody has taken the lock since. Synchronous, so that what is done next in the same
 * turn follows at once: a process that is stopped right there can still come late, but its lock is not taken over as long
 * as it can be seen to exist, and from another machine only after half a minute of silence.
 */
export function checkLock(folder: string, lock: StoreLock | undefined): void {
  if (lock === undefined) return
  const last = highest(fencings(readdirSync(folder), parseKey(lock.name).join('@')))
  if (last > lock.fencing || lock.signal.aborted) throw staleLock(lock.name)
}

async function tryAcquire(folder: string, file: string, fencing: number): Promise<boolean> {
  const path = pathOf(folder, file, fencing)
  if (!(await createFile(path, describe(true)))) return false
  // Somebody may have taken, released and tidied this number away since we looked: only the highest file is the lock.
  const numbers = fencings(await readdir(folder), file)
  if (highest(numbers) > fencing) {
    await rm(path, { force: true })
    return false
  }
  const older = numbers.filter((number) => number < fencing)
  await Promise.all(older.map((number) => rm(pathOf(folder, file, number), { force: true })))
  return true
}

function hold(folder: string, { name, file }: LockName, fencing: number): StoreLock {
  const path = pathOf(folder, file, fencing)
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

const highest = (numbers: readonly number[]): number => Math.max(0, ...numbers)

function fencings(files: readonly string[], file: string): number[] {
  const prefix = `${file}~`
  const rests = files.filter((found) => found.startsWith(prefix)).map((found) => found.slice(prefix.length))
  return rests.flatMap((rest) => (/^\d{1,15}$/.test(rest) ? [Number(rest)] : []))
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

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error) => !hasErrno(error, 'ENOENT'),
  )
}

function describe(held: boolean): string {
  return JSON.stringify({ ...ownIdentity(), held } satisfies Holder)
}

function pathOf(folder: string, name: string, fencing: number): string {
  return join(folder, `${name}~${fencing}`)
}
