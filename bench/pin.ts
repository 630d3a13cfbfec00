import { execFileSync } from 'node:child_process'

/** Keeps this process, its helper threads and the children to come on one processor. */
export function pinSelf(cpu: number): void {
  execFileSync('taskset', ['-a', '-c', '-p', String(cpu), String(process.pid)], { stdio: 'ignore' })
}
