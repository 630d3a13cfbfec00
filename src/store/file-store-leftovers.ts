import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A temporary file lives for milliseconds; one of this age was left by a process that was killed. */
const leftoverAgeMs = 60_000

/** Removes what killed processes left half written: it may hold a key. Throws when the folder cannot be read. */
export async function removeLeftovers(folder: string, nowMs: number): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const temporary = entries.filter((entry) => entry.name.endsWith('.tmp') && entry.name.includes('~'))
  for (const entry of temporary) {
    const path = join(entry.parentPath, entry.name)
    const found = await stat(path).catch(() => undefined)
    if (found && nowMs - found.mtimeMs > leftoverAgeMs) await rm(path, { recursive: true, force: true })
  }
}
