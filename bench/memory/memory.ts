import { join } from 'node:path'
import { forgetPeakMemory, peakMemory, residentMemory } from '../network/child.ts'
import { installPeers } from '../network/install-peers.ts'
import { isInstalled } from '../network/installed.ts'
import { loadWithWrk } from '../network/load-wrk.ts'
import { proxyKinds } from '../network/proxies.ts'
import { ProxyPool } from '../network/proxy-pool.ts'
import { writeRequests } from '../network/request-file.ts'
import { choose, type Options, UsageError } from '../options.ts'
import { Values } from '../requests/values.ts'
import { findCoreRuleSet } from '../rule-files.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { figure, textTable } from '../text-table.ts'
import { growthPerRequest } from './growth-per-request.ts'
import { mixedWorkload } from './mixed-workload.ts'

export const memoryOptions = ['crs', 'requests', 'level', 'proxy', 'seconds', 'seed'] as const

const needed = ['nginx', 'wrk', 'taskset']
const MOST_IN_FILE = 40_000
/** A machine with other work may answer none for a while: the next load has something to send all the same. */
const LEAST_IN_FILE = 1_000

export interface MemorySample {
  /** Answered so far. */
  readonly requests: number
  readonly residentBytes: number
  /** The most since the sample before. */
  readonly peakBytes: number
}

/** Resident memory of a proxy with the Core Rule Set, under as much load as it takes, until it has answered so many requests. */
export async function benchMemory(options: Options): Promise<void> {
  const crs = findCoreRuleSet(options)
  const kinds = choose(proxyKinds, [options.text('proxy', 'acme-edge')])
  installPeers()
  const missing = [...needed.filter((item) => !isInstalled(item)), ...kinds.flatMap((kind) => kind.missing() ?? [])]
  if (missing.length > 0) throw new UsageError(`the benchmark needs ${missing.join(' and ')}`)
  const folder = temporaryFolder()
  const pool = new ProxyPool(folder, crs)
  try {
    await pool.startOrigin()
    const workload = mixedWorkload(options.number('level', 1) === 4 ? 'level 4' : 'level 1')
    const [proxy] = await pool.running(kinds, workload.rules)
    if (proxy === undefined) throw new UsageError(`${kinds[0]?.name} has no WAF`)
    const values = new Values(options.number('seed', 1))
    const seconds = options.number('seconds', 5)
    const wanted = options.number('requests', 200_000)
    const samples: MemorySample[] = [{ requests: 0, residentBytes: residentMemory(proxy.pid), peakBytes: Number.NaN }]
    const url = `http://127.0.0.1:${proxy.httpPort}/`
    let count = MOST_IN_FILE
    for (let answered = 0; answered < wanted; ) {
      const file = join(folder, 'requests')
      const written = writeRequests(file, workload, { values, count })
      forgetPeakMemory(proxy.pid)
      const { requests, perSecond } = await loadWithWrk(url, { file, count: written, seconds })
      count = Math.min(MOST_IN_FILE, Math.max(LEAST_IN_FILE, Math.ceil(perSecond * seconds * 1.3)))
      answered += requests
      const residentBytes = residentMemory(proxy.pid)
      samples.push({ requests: answered, residentBytes, peakBytes: peakMemory(proxy.pid) })
    }
    print(samples, { proxy: proxy.name, json: options.has('json') })
  } finally {
    await pool.stop()
  }
}

function print(samples: readonly MemorySample[], { proxy, json }: { proxy: string; json: boolean }): void {
  const peakBytes = Math.max(...samples.slice(1).map((one) => one.peakBytes))
  const bytesPerRequest = growthPerRequest(samples)
  if (json)
    return void process.stdout.write(
      `${JSON.stringify({ benchmark: 'memory', proxy, peakBytes, bytesPerRequest, samples })}\n`,
    )
  const rows = samples.map(({ requests, residentBytes, peakBytes: peak }) => {
    return [requests.toLocaleString('en-US'), figure(residentBytes / 1e6), figure(peak / 1e6)]
  })
  process.stdout.write(`${proxy}: resident memory under load, Core Rule Set, values new in every request\n
${textTable(['requests', 'MB', 'peak MB'], rows)}
peak ${figure(peakBytes / 1e6)} MB; over the second half it grew by ${bytesPerRequest.toFixed(1)} bytes a request\n`)
}
