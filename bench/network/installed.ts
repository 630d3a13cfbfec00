import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { UsageError } from '../options.ts'

/** A program on the path, or a file by its absolute path. */
export function isInstalled(item: string): boolean {
  if (item.startsWith('/')) return existsSync(item)
  return spawnSync('which', [item], { stdio: 'ignore' }).status === 0
}

/** Throws UsageError that names the programs that this machine does not have. */
export function requirePrograms(programs: readonly string[]): void {
  const missing = programs.filter((program) => !isInstalled(program))
  if (missing.length > 0) throw new UsageError(`the benchmark needs ${missing.join(' and ')}`)
}
