import { join } from 'node:path'
import type { RuleSet } from '../../src/waf/transaction-types.ts'
import { choose, type Options } from '../options.ts'
import { pinSelf } from '../pin.ts'
import type { BenchRequest } from '../requests/bench-request.ts'
import { Values } from '../requests/values.ts'
import { engineWorkloads, type Workload } from '../requests/workloads.ts'
import { findCoreRuleSet, writeRules } from '../rule-files.ts'
import { mean, median } from '../statistics.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { untilWarm } from '../until-warm.ts'
import { CollectorTime } from './collector-time.ts'
import { type EngineReport, type EngineRow, emptyRow, printEngineReport } from './engine-report.ts'
import { findPython, LibModSecurity } from './libmodsecurity.ts'
import { loadOwnEngine } from './own-engine.ts'
import { proveBlocking } from './prove-blocking.ts'
import { timeOwn } from './time-own.ts'

export const engineOptions = [
  'crs',
  'level',
  'workloads',
  'values',
  'rounds',
  'seconds',
  'seed',
  'python',
  'peer',
  'cpu',
]

/** Whether each request's values are new, so that nothing remembered can help, or one request comes again and again. */
const variants = [{ name: 'new' }, { name: 'same' }] as const
/** Requests that are made at once: 80 MB of pages. */
const LARGEST_BATCH = 4_000
/** Of a second each. */
const MOST_WARM_UPS = 12
/** A peer's round is short where it would take minutes, but never a single transaction. */
const LEAST_PEER_TRANSACTIONS = 10

interface Setting {
  readonly rules: RuleSet
  readonly peer: LibModSecurity | undefined
  readonly collector: CollectorTime
  readonly folder: string
  readonly rounds: number
  readonly seconds: number
  readonly seed: number
}

/** µs a transaction of the engine alone, without a socket, beside libmodsecurity in its own process; both take turns. */
export async function benchEngine(options: Options): Promise<void> {
  const level = options.number('level', 1)
  const workloads = choose(engineWorkloads, options.list('workloads'))
  const chosenVariants = choose(variants, options.list('values'))
  const cpu = options.number('cpu', 0, 0)
  const folder = temporaryFolder()
  const collector = new CollectorTime()
  let peer: LibModSecurity | undefined
  try {
    pinSelf(cpu)
    const file = writeRules(folder, { crs: findCoreRuleSet(options), level })
    const startedAt = performance.now()
    const rules = await loadOwnEngine(file)
    const loadMs = performance.now() - startedAt
    peer = openPeer(options, cpu)
    const peerVersion = await peer?.load(file)
    const rounds = options.number('rounds', 3)
    const seconds = options.number('seconds', 1)
    const setting = { rules, peer, collector, folder, rounds, seconds, seed: options.number('seed', 1) }
    const rows: EngineRow[] = []
    for (const workload of workloads) {
      await proveBlocking(workload, setting)
      for (const { name } of chosenVariants) rows.push(await compare(workload, name, setting))
    }
    const report: EngineReport = { level, rounds, seconds, loadMs, ruleCount: rules.ruleCount, peerVersion, rows }
    printEngineReport(report, options.has('json'))
  } finally {
    peer?.stop()
    collector.stop()
  }
}

function openPeer(options: Options, cpu: number): LibModSecurity | undefined {
  if (options.text('peer', 'on') === 'off') return undefined
  const python = findPython(options)
  return python === undefined ? undefined : new LibModSecurity(python, cpu)
}

async function compare(workload: Workload, variant: 'new' | 'same', setting: Setting): Promise<EngineRow> {
  const { rules, peer, collector, folder, seconds } = setting
  const values = new Values(setting.seed)
  const fixed = workload.benign(values)
  const make = (count: number): BenchRequest[] =>
    Array.from({ length: count }, () => (variant === 'same' ? fixed : workload.benign(values)))
  const warmUp = { make, seconds: 1, batch: 200, collector }
  const perSecond = await untilWarm(MOST_WARM_UPS, async () => 1e6 / median((await timeOwn(rules, warmUp)).us))
  const batch = Math.min(LARGEST_BATCH, Math.ceil(seconds * perSecond))
  const row = emptyRow(workload.name, variant)
  const file = join(folder, 'requests')
  for (let round = 0; round < setting.rounds; round++) {
    const own = await timeOwn(rules, { make, seconds, batch, collector })
    row.ownUs.push(mean(own.us))
    row.ownCpuUs.push(own.cpuUs)
    row.collectorShare.push(own.collectorShare)
    row.all.push(...own.us)
    if (peer === undefined) continue
    const requests = variant === 'same' ? [fixed] : make(peerBatch(row, seconds))
    const { us, cpuUs } = await peer.time(requests, { file, seconds, minimum: LEAST_PEER_TRANSACTIONS })
    row.peerUs.push(mean(us))
    row.peerCpuUs.push(cpuUs)
  }
  return row
}

/** New requests enough for a round: as many as the round before took, at first a guess. */
function peerBatch({ peerUs }: EngineRow, seconds: number): number {
  const expectedUs = peerUs.at(-1) ?? 500
  return Math.min(LARGEST_BATCH, Math.max(LEAST_PEER_TRANSACTIONS, Math.ceil((seconds * 1.5e6) / expectedUs)))
}
