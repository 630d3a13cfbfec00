import type { Case } from './case.ts'
import { printCase } from './case.ts'
import type { Comparison, Engines } from './engines.ts'
import { type Divergence, explain } from './explain.ts'

/** What came of many comparisons. */
export interface Tally {
  compared: number
  agreed: number
  /** Rule sets that one of the engines refuses, or that ModSecurity crashes on, by the reason. */
  readonly incomparable: Map<string, number>
  /** Exchanges that an entry of docs/divergences.md explains, alone or with others, by its number. */
  readonly explained: Map<number, number>
  /** Cases that no entry explains, ready to be pasted. */
  readonly unexplained: string[]
}

export function newTally(): Tally {
  return { compared: 0, agreed: 0, incomparable: new Map(), explained: new Map(), unexplained: [] }
}

export interface Judge {
  readonly engines: Engines
  readonly divergences: readonly Divergence[]
}

/** Counts one comparison; where the engines differ, looks for the reason. */
export async function count(tally: Tally, one: Case, comparison: Comparison, judge: Judge): Promise<void> {
  if (comparison.kind === 'incomparable') {
    tally.incomparable.set(comparison.reason, (tally.incomparable.get(comparison.reason) ?? 0) + 1)
    return
  }
  tally.compared++
  if (comparison.kind === 'agree') {
    tally.agreed++
    return
  }
  const explanation = await explain(one, judge.divergences, judge.engines)
  if (explanation.kind === 'unexplained') {
    tally.unexplained.push(`${printCase(explanation.smallest)}\n${explanation.differences.join('\n')}`)
    return
  }
  for (const entry of new Set(explanation.entries)) {
    tally.explained.set(entry, (tally.explained.get(entry) ?? 0) + 1)
  }
}

/** `1,900 of 2,000 agree; entry 3: 40, entry 7: 60`. */
export function describeTally({ compared, agreed, explained, incomparable }: Tally): string {
  const entries = [...explained].sort(([a], [b]) => a - b).map(([entry, count]) => `entry ${entry}: ${count}`)
  const left = [...incomparable.values()].reduce((sum, count) => sum + count, 0)
  return `${agreed} of ${compared} agree; ${entries.join(', ')}; not comparable: ${left}`
}
