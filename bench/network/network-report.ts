import { writeFileSync } from 'node:fs'
import type { Options } from '../options.ts'
import { median } from '../statistics.ts'
import { figure, textTable } from '../text-table.ts'
import type { Measured, MeasureOptions } from './measure.ts'
import { networkChart } from './network-chart.ts'
import type { NetworkWorkload } from './workloads.ts'

export interface WorkloadResult {
  readonly workload: NetworkWorkload
  readonly measured: readonly Measured[]
}

export interface NetworkReport extends MeasureOptions {
  readonly results: readonly WorkloadResult[]
  /** What this machine does not have. */
  readonly absent: readonly string[]
}

export interface NetworkRow {
  readonly workload: string
  readonly title: string
  readonly proxy: string
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly cpuUs: number
  readonly peakMemoryBytes: number
  /** acme-edge's requests a second through this proxy's. */
  readonly acmeEdgeRatio: number | undefined
  /** This proxy's processor time for a request through acme-edge's. */
  readonly acmeEdgeCpuRatio: number | undefined
  /** Part of the requests that had been sent before. */
  readonly sentAgain: number
  readonly halfLoadP99Ms: number | undefined
  readonly halfLoadRequests: number | undefined
}

export function networkRows(results: readonly WorkloadResult[]): NetworkRow[] {
  return results.flatMap(({ workload, measured }) => {
    const own = measured.find(({ proxy }) => proxy === 'acme-edge')
    return measured.map((one) => row(workload, one, own))
  })
}

function row(workload: NetworkWorkload, one: Measured, own: Measured | undefined): NetworkRow {
  const { name, title } = workload
  const { rounds, atHalfLoad } = one
  const perSecond = rate(one)
  const cpuUs = median(one.cpuUs)
  return {
    workload: name,
    title,
    proxy: one.proxy,
    perSecond,
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
    p999Ms: median(rounds.map(({ p999Ms }) => p999Ms)),
    cpuUs,
    peakMemoryBytes: one.peakMemoryBytes,
    acmeEdgeRatio: own && rate(own) / perSecond,
    acmeEdgeCpuRatio: own && cpuUs / median(own.cpuUs),
    sentAgain: workload.values === 'same' ? 1 : median(rounds.map((round) => round.sentAgain / round.requests)),
    halfLoadP99Ms: atHalfLoad?.p99Ms,
    halfLoadRequests: atHalfLoad?.requests,
  }
}

function rate({ rounds }: Measured): number {
  return median(rounds.map(({ perSecond }) => perSecond))
}

export function printNetworkReport(report: NetworkReport, options: Options): void {
  const rows = networkRows(report.results)
  const { rounds, seconds, absent } = report
  const chart = options.text('chart', '')
  if (chart !== '') writeFileSync(chart, networkChart(rows))
  if (options.has('json')) {
    const raw = report.results.map(({ workload: { name }, measured }) => ({ workload: name, measured }))
    process.stdout.write(`${JSON.stringify({ benchmark: 'network', rounds, seconds, rows, absent, raw })}\n`)
  } else process.stdout.write(toText(rows, report))
}

const head = [
  'proxy',
  'req/s',
  'acme-edge ×',
  'p50 ms',
  'p99',
  'p99.9',
  'CPU µs',
  'CPU ×',
  'peak MB',
  'p99 at half load',
]

function toText(rows: readonly NetworkRow[], { rounds, seconds, absent, results }: NetworkReport): string {
  let text = `One processor for the proxy, one for origin and load; medians of ${rounds} rounds of ${seconds} s that the proxies take in turn.
Half load: half of what nginx + libmodsecurity takes at most, at a fixed rate.\n`
  for (const { workload } of results) {
    const own = rows.filter((one) => one.workload === workload.name)
    text += `\n${workload.title} (${workload.name}${workload.rules === 'off' ? '' : `, Core Rule Set, ${workload.rules}`})\n${textTable(head, own.map(cells))}`
  }
  for (const { workload, proxy, sentAgain } of rows.filter((one) => one.sentAgain > 0.001 && one.sentAgain < 1))
    text += `\n${workload}: ${(100 * sentAgain).toFixed(0)} % of the requests to ${proxy} had been sent before`
  return absent.length === 0 ? `${text}\n` : `${text}\nnot installed, not measured: ${absent.join(', ')}\n`
}

function cells(one: NetworkRow): string[] {
  const { perSecond, acmeEdgeRatio = Number.NaN, p50Ms, p99Ms, p999Ms, cpuUs } = one
  const { acmeEdgeCpuRatio = Number.NaN, halfLoadP99Ms = Number.NaN } = one
  const numbers = [
    perSecond,
    acmeEdgeRatio,
    p50Ms,
    p99Ms,
    p999Ms,
    cpuUs,
    acmeEdgeCpuRatio,
    one.peakMemoryBytes / 1e6,
    halfLoadP99Ms,
  ]
  return [one.proxy, ...numbers.map(figure)]
}
