import type { Link } from '../../src/waf/compiler/program.ts'
import type { CompiledOperator } from '../../src/waf/operators/operator.ts'
import { loadPair } from './screening-pair.ts'

export interface RulePattern {
  readonly id: number
  readonly argument: string
  readonly operator: CompiledOperator
}

/** Every @rx of these files, those of chained rules too, but for those with macros. */
export async function patternsOf(files: readonly string[]): Promise<RulePattern[]> {
  const { plain } = await loadPair({ files })
  const patterns: RulePattern[] = []
  for (const { id, head } of plain.rules) {
    for (let link: Link | undefined = head; link !== undefined; link = link.next) {
      const operator = link.condition?.operator
      if (operator?.label !== 'Rx' || typeof operator.resolve === 'function') continue
      patterns.push({ id, argument: operator.argument, operator: operator.resolve })
    }
  }
  return patterns
}
