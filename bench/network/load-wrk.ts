import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CONNECTIONS, LOAD_CPU, type LoadResult } from './load.ts'

interface WrkCounts {
  readonly requests: number
  readonly durationUs: number
  readonly refused: number
  readonly failed: number
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
}

interface WrkOptions {
  readonly file: string
  /** How many requests are in the file. */
  readonly count: number
  readonly seconds: number
  /** Where wrk runs; the processor of the load unless said. */
  readonly cpus?: string
  /** Gets the process when it has started. */
  started?(pid: number): void
}

const run = promisify(execFile)

/** wrk, which sends as fast as the proxy answers. Throws when a connection failed. */
export async function loadWithWrk(url: string, options: WrkOptions): Promise<LoadResult> {
  const { file, count, seconds, cpus = String(LOAD_CPU) } = options
  const script = join(import.meta.dirname, 'requests.lua')
  const wrk = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--timeout', '30s', '-s', script, url, '--', file]
  const running = run('taskset', ['-c', cpus, ...wrk]) // taskset becomes wrk
  if (running.child.pid !== undefined) options.started?.(running.child.pid)
  const { stderr } = await running
  const counts = JSON.parse(stderr) as WrkCounts // written by requests.lua
  if (counts.failed > 0) throw new Error(`${url}: ${counts.failed} connections failed`)
  return {
    requests: counts.requests,
    perSecond: (counts.requests * 1e6) / counts.durationUs,
    refused: counts.refused,
    sentAgain: Math.max(0, counts.requests - count),
    p50Ms: counts.p50Us / 1000,
    p99Ms: counts.p99Us / 1000,
    p999Ms: counts.p999Us / 1000,
  }
}
