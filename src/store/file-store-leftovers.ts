import { readdirSync } from 'node:fs'
import { lstat, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrno } from './file-store-durable.ts'

/** A temporary file lives for milliseconds; one of this age was left by a process that was killed. */
const leftoverAgeMs = 60_000

/** Removes what killed processes left half written: it may hold a key. Throws when the folder cannot be read. */
export async function removeLeftovers(folder: string, nowMs: number): Promise<void> {
  for (const path of temporaryFiles(folder)) {
    const found = await lstat(path).catch(() => undefined)
    if (found && nowMs - found.mtimeMs > leftoverAgeMs) await rm(path, { recursive: true, force: true })
  }
}

/**
 * Synchronous, since nobody is served yet and a store with ten thousand certificates has twenty thousand folders: five times
 * as fast. Links are not followed.
 */
function temporaryFiles(folder: string, found: string[] = []): string[] {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.name.endsWith('.tmp') && entry.name.includes('~')) found.push(path)
    else if (entry.isDirectory()) lookInside(path, found)
  }
  return found
}

/** Another process may remove an old generation meanwhile. */
function lookInside(folder: string, found: string[]): void {
  try {
    temporaryFiles(folder, found)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error
  }
}
