import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** As scripts/install-libmodsecurity.sh pins it. */
const VERSION = '3.0.15.post2'

/** A Python that has libmodsecurity, or why there is none. */
export function findPython(): { python: string } | { skip: string } {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  const python = join(cache, 'acme-edge', `libmodsecurity-${VERSION}`, 'bin/python')
  const isUsable = existsSync(python) && spawnSync(python, ['-c', 'import libmodsecurity']).status === 0
  return isUsable ? { python } : { skip: 'libmodsecurity is not there: sh scripts/install-libmodsecurity.sh' }
}
