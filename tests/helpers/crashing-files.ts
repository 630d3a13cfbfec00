import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/** Where a process dies: at its n-th change of a file, before it has happened, half way or after. */
export interface CrashPoint {
  readonly number: number
  readonly moment: 'before' | 'half' | 'after'
}

/** What a run that died, or did not, has done. */
export interface CrashReport {
  readonly changes: number
  /** The change at which it died. */
  readonly diedAt: string | undefined
}

const changing = ['link', 'mkdir', 'rename', 'rm', 'symlink', 'chmod', 'utimes'] as const
const reading = ['lstat', 'readFile', 'readdir', 'realpath', 'stat'] as const

export class Crash extends Error {}

/**
 * Lets `work` run until it dies: from then on nothing that it does to files has an effect, as if its process were gone. Works
 * on all users of node:fs/promises in this process, so nothing else may use files meanwhile.
 */
export async function untilCrash(
  point: CrashPoint | undefined,
  work: (died: AbortSignal) => Promise<void>,
): Promise<CrashReport> {
  const death = new AbortController()
  const originals: Record<string, unknown> = { ...fs }
  let changes = 0
  let diedAt: string | undefined
  const alive = () => {
    if (diedAt !== undefined) throw new Crash('the process is gone')
  }
  const die = (what: string): never => {
    diedAt = what
    death.abort(new Crash(what))
    throw new Crash(what)
  }
  const change = async <T>(what: string, all: () => Promise<T>, half?: () => Promise<unknown>): Promise<T> => {
    alive()
    changes++
    if (changes !== point?.number) return all()
    if (point.moment === 'half') await half?.()
    if (point.moment === 'after') await closeIfFile(await all()) // the system closes the files of a process that is gone
    return die(what)
  }
  const replace = (name: string, by: (...args: never[]) => unknown) => Object.assign(fs, { [name]: by })
  type AnyFunction = (...args: unknown[]) => Promise<unknown>
  for (const name of changing) {
    const original = originals[name] as AnyFunction
    replace(name, (...args: unknown[]) => change(`${name} ${String(args[0])}`, () => original(...args)))
  }
  for (const name of reading) {
    const original = originals[name] as AnyFunction
    replace(name, async (...args: unknown[]) => {
      alive()
      return original(...args)
    })
  }
  const open = originals.open as typeof fs.open
  replace('open', async (path: string, flags: string, mode: number) => {
    const make = async () => wrap(await open(path, flags, mode), path)
    if (flags !== 'r') return change(`open ${path}`, make)
    alive()
    return make()
  })
  const wrap = (file: fs.FileHandle, path: string) => ({
    writeFile: (bytes: Buffer | string) => {
      const whole = Buffer.from(bytes)
      const half = () => file.writeFile(whole.subarray(0, whole.length >> 1))
      return change(`write ${path}`, () => file.writeFile(whole), half)
    },
    sync: () => change(`sync ${path}`, () => file.sync()),
    close: () => file.close(), // the system does so for a process that has died
  })
  syncBuiltinESMExports()
  try {
    await work(death.signal)
  } catch (error) {
    if (diedAt === undefined) throw error
  } finally {
    Object.assign(fs, originals)
    syncBuiltinESMExports()
  }
  return { changes, diedAt }
}

async function closeIfFile(result: unknown): Promise<void> {
  if (typeof result === 'object' && result !== null && 'close' in result) await (result as fs.FileHandle).close()
}
