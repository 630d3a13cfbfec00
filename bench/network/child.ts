import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Child {
  readonly pid: number
  stop(): Promise<void>
}

const running = new Set<ChildProcess>()
// Whatever ends this process: nothing is left behind.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program on one processor, or on those of a list, and waits until its port accepts connections; fails after 30 s. */
export async function startOn(cpu: number | string, command: readonly string[], port: number): Promise<Child> {
  const child = spawn('taskset', ['-c', String(cpu), ...command], { stdio: 'ignore' })
  running.add(child)
  const exited = new Promise<void>((resolve) => {
    child.on('exit', () => {
      running.delete(child)
      resolve()
    })
  })
  for (let i = 0; i < 300 && child.exitCode === null; i++) {
    if (await accepts(port)) return { pid: pidOf(child), stop: () => stop(child, exited) }
    await sleep(100)
  }
  child.kill('SIGKILL')
  throw new Error(`${command[0]} does not listen on port ${port}: start it by hand to see why: ${command.join(' ')}`)
}

/** Processor time of a process so far, in milliseconds (user and system; Linux counts in hundredths of a second). */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The same for a process and the processes that it has started. */
export function cpuMsOfAll(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').filter(Boolean)
  return children.reduce((sum, child) => sum + cpuMsOfAll(Number(child)), cpuMs(pid))
}

/** The memory that a process has now, bytes. */
export function residentMemory(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024
}

/** From here on `peakMemory` counts anew. */
export function forgetPeakMemory(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** The most memory that a process has had at a time, bytes. */
export function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024
}

async function stop(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await exited
  clearTimeout(timer)
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the program did not start')
  return pid // taskset becomes the program
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}
