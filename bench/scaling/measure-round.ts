import { join } from 'node:path'
import { cpuMs, cpuMsOfAll } from '../network/child.ts'
import { loadWithWrk } from '../network/load-wrk.ts'
import { writeRequests } from '../network/request-file.ts'
import type { NetworkWorkload } from '../network/workloads.ts'
import type { Values } from '../requests/values.ts'

export interface ScaledEdge {
  readonly workers: number
  /** How many processors its processes may use. */
  readonly processors: number
  readonly pid: number
  readonly port: number
  readonly rounds: ScalingRound[]
}

export interface ScalingRound {
  readonly perSecond: number
  /** Processor time of all workers, microseconds a request. */
  readonly cpuUs: number
  /** Processors that each kept busy: 1 is one of them all the time. */
  readonly edgeShare: number
  readonly loadShare: number
  readonly originShare: number
  readonly p99Ms: number
}

export interface RoundOptions {
  readonly workload: NetworkWorkload
  readonly values: Values
  readonly folder: string
  readonly cpus: string
  /** The origin's process. */
  readonly origin: number
  readonly seconds: number
}

/** What is prepared for the first round of an edge; for others twice what the one before took. */
const FIRST_GUESS_PER_SECOND = 1_000
const SAMPLE_MS = 50

/** Loads an edge for some seconds and adds what came of it to its rounds. Throws when a request was refused. */
export async function measureRound(edge: ScaledEdge, options: RoundOptions): Promise<void> {
  const { workload, values, folder, cpus, origin, seconds } = options
  const file = join(folder, 'requests')
  const expected = 2 * (edge.rounds.at(-1)?.perSecond ?? FIRST_GUESS_PER_SECOND)
  const count = writeRequests(file, workload, { values, count: Math.ceil(expected * seconds) })
  const before = { edge: cpuMsOfAll(edge.pid), origin: cpuMs(origin), at: performance.now() }
  const load = new CpuWatch()
  const started = (pid: number) => load.watch(pid)
  const result = await loadWithWrk(`http://127.0.0.1:${edge.port}/`, { file, count, seconds, cpus, started })
  load.stop()
  if (result.refused > 0) throw new Error(`${workload.name}: ${result.refused} requests were refused`)
  const tookMs = performance.now() - before.at
  const edgeMs = cpuMsOfAll(edge.pid) - before.edge
  edge.rounds.push({
    perSecond: result.perSecond,
    cpuUs: (edgeMs * 1000) / result.requests,
    edgeShare: edgeMs / tookMs,
    loadShare: load.cpuMs / tookMs,
    originShare: (cpuMs(origin) - before.origin) / tookMs,
    p99Ms: result.p99Ms,
  })
}

/** Processor time of a process that ends by itself: what was last seen of it. */
class CpuWatch {
  cpuMs = 0
  #timer: NodeJS.Timeout | undefined

  watch(pid: number): void {
    this.#timer = setInterval(() => {
      try {
        this.cpuMs = cpuMs(pid)
      } catch {
        this.stop() // it has ended
      }
    }, SAMPLE_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
