import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EdgeError } from '../errors.ts'
import type { StoreLock } from './contract.ts'
import { createFile, hasErrno, makeFolder, replaceFile } from './file-store-durable.ts'
import { judgeProcess, ownIdentity, type ProcessIdentity } from './file-store-process.ts'

const pollMs = 50
const heartbeatMs = 5_000
/** A holder that cannot be asked (another container or machine) counts as dead after this silence. */
const silenceMs = 30_000

interface Holder extends ProcessIdentity {
  readonly held: boolean
}

/**
 * Takes the lock `name` of a folder. Each acquisition is a file `<name>~<fencing>` made by exclusive creation; the highest
 * one is the lock. It is free when its holder released it or died. The highest file is never deleted, so the number only
 * grows, and a latecomer that judged an old file can never undo a newer one.
 * Throws ACME_EDGE_STORE_BUSY when the signal aborts first.
 */
export async function takeLock(folder: string, name: string, signal: AbortSignal): Promise<StoreLock> {
  await makeFolder(folder)
  for (;;) {
    const last = await lastFencing(folder, name)
    const holder = last === 0 ? undefined : await readHolder(pathOf(folder, name, last))
    if (holder === 'held') {
      await waitOrFail(folder, name, signal)
      continue
    }
    const lock = await tryAcquire(folder, name, last + 1)
    if (lock) return lock
  }
}

async function tryAcquire(folder: string, name: string, fencing: number): Promise<StoreLock | undefined> {
  const path = pathOf(folder, name, fencing)
  if (!(await createFile(path, describe(true)))) return undefined
  // Somebody may have taken, released and tidied this number away since we looked: only the highest file is the lock.
  if ((await lastFencing(folder, name)) > fencing) {
    await rm(path, { force: true })
    return undefined
  }
  await removeOlder(folder, name, fencing)
  const heartbeat = setInterval(() => void beat(path), heartbeatMs)
  heartbeat.unref()
  return {
    fencing,
    async release() {
      clearInterval(heartbeat)
      await replaceFile(path, describe(false))
    },
  }
}

async function lastFencing(folder: string, name: string): Promise<number> {
  return Math.max(0, ...(await fencings(folder, name)))
}

async function fencings(folder: string, name: string): Promise<number[]> {
  const prefix = `${name}~`
  const files = (await readdir(folder)).filter((file) => file.startsWith(prefix))
  return files
    .map((file) => file.slice(prefix.length))
    .flatMap((rest) => (/^\d{1,15}$/.test(rest) ? [Number(rest)] : []))
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

async function removeOlder(folder: string, name: string, fencing: number): Promise<void> {
  const older = (await fencings(folder, name)).filter((number) => number < fencing)
  await Promise.all(older.map((number) => rm(pathOf(folder, name, number), { force: true })))
}

async function beat(path: string): Promise<void> {
  const now = new Date()
  // A lock file that is gone was lost to a successor; the fencing number protects what the lock protected.
  await utimes(path, now, now).catch(() => undefined)
}

function describe(held: boolean): string {
  return JSON.stringify({ ...ownIdentity(), held } satisfies Holder)
}

function pathOf(folder: string, name: string, fencing: number): string {
  return join(folder, `${name}~${fencing}`)
}
