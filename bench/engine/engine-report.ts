import { median, percentile } from '../statistics.ts'
import { figure, textTable } from '../text-table.ts'

export interface EngineRow {
  readonly workload: string
  readonly values: 'new' | 'same'
  /** Mean µs a transaction, in each round. */
  readonly ownUs: number[]
  readonly peerUs: number[]
  /** Processor time, in each round: what other work on the machine changes least. */
  readonly ownCpuUs: number[]
  readonly peerCpuUs: number[]
  /** Part of the round in which the garbage collector stopped everything. */
  readonly collectorShare: number[]
  /** µs of each transaction of all rounds. */
  readonly all: number[]
}

export interface EngineReport {
  readonly level: number
  readonly rounds: number
  readonly seconds: number
  readonly loadMs: number
  readonly ruleCount: number
  /** Undefined: not measured. */
  readonly peerVersion: string | undefined
  readonly rows: readonly EngineRow[]
}

export function emptyRow(workload: string, values: EngineRow['values']): EngineRow {
  return { workload, values, ownUs: [], peerUs: [], ownCpuUs: [], peerCpuUs: [], collectorShare: [], all: [] }
}

export function printEngineReport(report: EngineReport, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(toJson(report))}\n` : toText(report))
}

function toJson({ rows, ...rest }: EngineReport): object {
  return { benchmark: 'engine', ...rest, rows: rows.map(summary) }
}

function summary({ workload, values, all, ...row }: EngineRow) {
  const [us, cpuUs] = [median(row.ownUs), median(row.ownCpuUs)]
  const own = { us, cpuUs, p50Us: percentile(all, 50), p99Us: percentile(all, 99), transactions: all.length }
  const rounds = { roundsUs: row.ownUs, roundsLibmodsecurityUs: row.peerUs }
  const one = { workload, values, ...own, collectorShare: median(row.collectorShare), ...rounds }
  if (row.peerUs.length === 0) return one
  const [libmodsecurityUs, libmodsecurityCpuUs] = [median(row.peerUs), median(row.peerCpuUs)]
  const ratios = { ratio: libmodsecurityUs / us, cpuRatio: libmodsecurityCpuUs / cpuUs }
  return { ...one, libmodsecurityUs, libmodsecurityCpuUs, ...ratios }
}

function toText(report: EngineReport): string {
  const { level, rounds, seconds, loadMs, ruleCount, peerVersion } = report
  const head = [
    'workload',
    'values',
    'µs',
    'CPU µs',
    'p50',
    'p99',
    'collector',
    'rounds',
    'libmodsecurity',
    'CPU µs',
    '×',
    'CPU ×',
  ]
  const rows = report.rows.map((row) => {
    const one = {
      libmodsecurityUs: Number.NaN,
      libmodsecurityCpuUs: Number.NaN,
      ratio: Number.NaN,
      cpuRatio: Number.NaN,
      ...summary(row),
    }
    const span = `${figure(Math.min(...row.ownUs))}–${figure(Math.max(...row.ownUs))}`
    const own = [one.us, one.cpuUs, one.p50Us, one.p99Us].map(figure)
    const peer = [one.libmodsecurityUs, one.libmodsecurityCpuUs, one.ratio, one.cpuRatio].map(figure)
    return [one.workload, one.values, ...own, `${(100 * one.collectorShare).toFixed(1)} %`, span, ...peer]
  })
  return `The engine alone: µs a transaction, all five phases, Core Rule Set at paranoia level ${level} (${ruleCount} rules, loaded in ${Math.round(loadMs)} ms)
Means of ${rounds} rounds of ${seconds} s, the median of them; p50 and p99 of all transactions. ${peerVersion ?? 'libmodsecurity is not installed, not measured'}

${textTable(head, rows)}`
}
