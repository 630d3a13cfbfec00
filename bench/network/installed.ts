import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** A program on the path, or a file by its absolute path. */
export function isInstalled(item: string): boolean {
  if (item.startsWith('/')) return existsSync(item)
  return spawnSync('which', [item], { stdio: 'ignore' }).status === 0
}
