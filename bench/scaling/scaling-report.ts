import type { Options } from '../options.ts'
import { median } from '../statistics.ts'
import { figure, textTable } from '../text-table.ts'
import type { ScaledEdge, ScalingRound } from './measure-round.ts'

interface Conditions {
  readonly rounds: number
  readonly seconds: number
  /** Processors of the machine. */
  readonly cpus: number
}

const head = ['workers', 'processors', 'req/s', '× the first', 'CPU µs', 'p99 ms', 'edge', 'load', 'origin']

export function printScalingReport(edges: readonly ScaledEdge[], conditions: Conditions, options: Options): void {
  const rows = edges.map((edge) => {
    const { workers, processors } = edge
    return { workers, processors, ratio: ratio(edge, edges[0]), ...medians(edge.rounds) }
  })
  if (options.has('json')) {
    process.stdout.write(`${JSON.stringify({ benchmark: 'scaling', ...conditions, rows, raw: edges })}\n`)
    return
  }
  const cells = rows.map((row) => [
    String(row.workers),
    String(row.processors),
    ...[row.perSecond, row.ratio, row.cpuUs, row.p99Ms, row.edgeShare, row.loadShare, row.originShare].map(figure),
  ])
  const { rounds, seconds, cpus } = conditions
  process.stdout.write(`Edge, load and origin on ${cpus} processors, of which the edge may use as many as said; medians of ${rounds} rounds of ${seconds} s by turns.
edge, load, origin: how many processors each kept busy.\n\n${textTable(head, cells)}\n`)
}

/** Round by round, since the machine's own speed changes: a round is compared with the one beside it. */
function ratio(edge: ScaledEdge, first: ScaledEdge | undefined): number {
  return median(edge.rounds.map(({ perSecond }, i) => perSecond / (first?.rounds[i]?.perSecond ?? Number.NaN)))
}

function medians(rounds: readonly ScalingRound[]): ScalingRound {
  const of = (key: keyof ScalingRound) => median(rounds.map((round) => round[key]))
  return {
    perSecond: of('perSecond'),
    cpuUs: of('cpuUs'),
    edgeShare: of('edgeShare'),
    loadShare: of('loadShare'),
    originShare: of('originShare'),
    p99Ms: of('p99Ms'),
  }
}
