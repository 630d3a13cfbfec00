import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Which process holds a lock. A pid alone is not enough: the system gives it to somebody else later. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start time in clock ticks since boot; `undefined` where the system does not tell. */
  readonly start: string | undefined
  /** Boot and pid namespace: only inside one of these do pids mean anything to each other. */
  readonly space: string
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, start: startOf(process.pid), space: ownSpace() }
}

/** `alive` and `dead` are certain; `foreign` is a process of another boot, container or machine. */
export function judgeProcess(other: ProcessIdentity): 'alive' | 'dead' | 'foreign' {
  if (other.space !== ownSpace()) return 'foreign'
  if (!exists(other.pid)) return 'dead'
  return other.start === undefined || other.start === startOf(other.pid) ? 'alive' : 'dead'
}

function ownSpace(): string {
  return `${hostname()} ${readOr('/proc/sys/kernel/random/boot_id')} ${linkOr('/proc/self/ns/pid')}`
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Field 22 of proc(5) stat; the command name before it may hold spaces and parentheses. A zombie counts as gone. */
function startOf(pid: number): string | undefined {
  const stat = readOr(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? 'zombie' : fields[19]
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

function linkOr(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
