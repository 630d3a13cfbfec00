import type { Link, RuleOperator } from './compiler/program.ts'
import { chainOf, type Entry, type TransformNode } from './entry.ts'
import type { CompiledOperator } from './operators/operator.ts'

/** Told to a tracer: a value that a rule's operator looked at, and what came out. */
export interface TraceEvent {
  readonly ruleId: number
  readonly variable: string
  /** As the operator saw it. */
  readonly value: string
  readonly matched: boolean
  readonly operator: { readonly label: string; readonly negated: boolean; readonly argument: string }
  /** What each transformation of the rule made of the value. */
  readonly steps: readonly { readonly name: string; readonly value: string }[]
  /** What `capture` puts into TX:0 and so on; empty where the rule captures nothing. */
  readonly captures: readonly (string | undefined)[]
}

export interface TracedComparison {
  readonly ruleId: number
  readonly link: Link
  readonly operator: RuleOperator
  readonly argument: string
  readonly compiled: CompiledOperator
}

/** Slow: everything is worked out again. */
export function traceEvent(
  { ruleId, link, operator, argument, compiled }: TracedComparison,
  { entry, value, matched }: { entry: Entry; value: string; matched: boolean },
): TraceEvent {
  const nodes = chainOf(lastStep(link, entry, value))
  const found = matched && link.capture && !operator.negated
  return {
    ruleId,
    variable: entry.name,
    value,
    matched,
    operator: { label: operator.label, negated: operator.negated, argument },
    steps: nodes.map((node) => ({ name: node.name, value: entry.cell.transformed(node) })),
    captures: found ? (compiled.exec?.(value)?.captures ?? [value]) : [],
  }
}

/** The transformation that gave the value; with multiMatch that is the first to give it. */
export function lastStep(link: Link, entry: Entry, value: string): TransformNode | undefined {
  if (link.steps === undefined) return link.transformation
  if (value === entry.cell.raw) return undefined
  return link.steps.find((step) => entry.cell.transformed(step) === value)
}
