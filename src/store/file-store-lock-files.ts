import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

/*
 * What lies in the folder of locks, by the lock's name as part of a file's name:
 *   <name>~<fencing>                  an acquisition; the highest one is the lock
 *   <name>~<fencing>.<random>.tmp     a draft: a change of the store that is not made yet, under this acquisition
 */

/** The file of one acquisition. */
export function acquisitionPath(folder: string, name: string, fencing: number): string {
  return join(folder, `${name}~${fencing}`)
}

/** A path of its own for each draft; it is tidied away as a leftover, too, where nobody takes the lock again. */
export function draftPath(folder: string, name: string, fencing: number): string {
  return `${acquisitionPath(folder, name, fencing)}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`
}

/** The numbers of the acquisitions that are among the files of the folder. */
export function fencings(files: readonly string[], name: string): number[] {
  return restsOf(files, name).flatMap((rest) => (/^\d{1,15}$/.test(rest) ? [Number(rest)] : []))
}

/** The number of the lock; 0 where it was never taken. */
export function highestFencing(files: readonly string[], name: string): number {
  return Math.max(0, ...fencings(files, name))
}

/** Paths of the drafts under acquisitions before this one. */
export function draftsBefore(folder: string, files: readonly string[], lock: { name: string; fencing: number }) {
  const isBefore = (rest: string) => Number(/^(\d{1,15})\.[^~]+\.tmp$/.exec(rest)?.[1]) < lock.fencing
  const rests = restsOf(files, lock.name).filter(isBefore)
  return rests.map((rest) => join(folder, `${lock.name}~${rest}`))
}

function restsOf(files: readonly string[], name: string): string[] {
  const prefix = `${name}~`
  return files.filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length))
}
