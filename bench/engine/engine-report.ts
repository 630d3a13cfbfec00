import { median, percentile } from '../statistics.ts'
import { figure, textTable } from '../text-table.ts'

export interface EngineRow {
  readonly workload: string
  readonly values: 'new' | 'same'
  /** Mean µs a transaction, in each round. */
  readonly ownUs: number[]
  readonly peerUs: number[]
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

export function printEngineReport(report: EngineReport, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(toJson(report))}\n` : toText(report))
}

function toJson({ rows, ...rest }: EngineReport): object {
  return { benchmark: 'engine', ...rest, rows: rows.map(summary) }
}

function summary({ workload, values, ownUs, peerUs, collectorShare, all }: EngineRow) {
  const [own, peer] = [median(ownUs), median(peerUs)]
  return {
    workload,
    values,
    us: own,
    p50Us: percentile(all, 50),
    p99Us: percentile(all, 99),
    collectorShare: median(collectorShare),
    libmodsecurityUs: Number.isNaN(peer) ? undefined : peer,
    ratio: Number.isNaN(peer) ? undefined : peer / own,
    roundsUs: ownUs,
    roundsLibmodsecurityUs: peerUs,
    transactions: all.length,
  }
}

function toText(report: EngineReport): string {
  const { level, rounds, seconds, loadMs, ruleCount, peerVersion } = report
  const head = ['workload', 'values', 'µs', 'p50', 'p99', 'collector', 'rounds from', 'to', 'libmodsecurity', 'ratio']
  const rows = report.rows.map((row) => {
    const { us, p50Us, p99Us, libmodsecurityUs, ratio, ...one } = summary(row)
    const span = [Math.min(...row.ownUs), Math.max(...row.ownUs)]
    const numbers = [...span, libmodsecurityUs ?? Number.NaN, ratio ?? Number.NaN].map(figure)
    const share = `${(100 * one.collectorShare).toFixed(1)} %`
    return [one.workload, one.values, figure(us), figure(p50Us), figure(p99Us), share, ...numbers]
  })
  return `The engine alone: µs a transaction, all five phases, Core Rule Set at paranoia level ${level} (${ruleCount} rules, loaded in ${Math.round(loadMs)} ms)
Means of ${rounds} rounds of ${seconds} s, the median of them; p50 and p99 of all transactions. ${peerVersion ?? 'libmodsecurity is not installed, not measured'}

${textTable(head, rows)}`
}
