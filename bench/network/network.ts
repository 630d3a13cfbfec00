import { choose, type Options } from '../options.ts'
import { findCoreRuleSet } from '../rule-files.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { installPeers } from './install-peers.ts'
import { isInstalled, requirePrograms } from './installed.ts'
import { type MeasureOptions, measureWorkload } from './measure.ts'
import { printNetworkReport, type WorkloadResult } from './network-report.ts'
import { proxyKinds } from './proxies.ts'
import { ProxyPool } from './proxy-pool.ts'
import { networkWorkloads } from './workloads.ts'

export const networkOptions = [
  'crs',
  'workloads',
  'proxies',
  'rounds',
  'seconds',
  'seed',
  'half-load',
  'chart',
] as const

/** acme-edge beside other proxies: same rules, same origin, same load; each proxy on one processor, all else on another. */
export async function benchNetwork(options: Options): Promise<void> {
  const crs = findCoreRuleSet(options)
  const workloads = choose(networkWorkloads, options.list('workloads'))
  const chosen = choose(proxyKinds, options.list('proxies'))
  installPeers()
  requirePrograms(['nginx', 'wrk', 'taskset'])
  const kinds = chosen.filter((kind) => kind.missing() === undefined)
  const folder = temporaryFolder()
  const pool = new ProxyPool(folder, crs)
  const measureOptions: MeasureOptions = {
    folder,
    rounds: options.number('rounds', 3),
    seconds: options.number('seconds', 5),
    seed: options.number('seed', 1),
    halfLoad: options.text('half-load', 'on') !== 'off',
  }
  try {
    await pool.startOrigin()
    const results: WorkloadResult[] = []
    for (const workload of workloads) {
      if (workload.transport === 'http2' && !isInstalled('h2load')) continue
      const proxies = (await pool.running(kinds, workload.rules)).filter(
        ({ hasTls }) => hasTls || workload.transport === 'http',
      )
      process.stderr.write(`${workload.title} …\n`)
      results.push({ workload, measured: await measureWorkload(workload, { proxies, options: measureOptions }) })
    }
    const absent = chosen.flatMap((kind) => kind.missing() ?? [])
    printNetworkReport({ ...measureOptions, results, absent: [...new Set(absent)] }, options)
  } finally {
    await pool.stop()
  }
}
