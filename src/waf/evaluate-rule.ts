import type { Effect, Link, Rule, RuleOperator } from './compiler/program.ts'
import { Cell, Entry, type TransformNode } from './entry.ts'
import { readTargets, withoutRemoved } from './evaluate-targets.ts'
import { expandMacro } from './macro.ts'
import type { CompiledOperator } from './operators/operator.ts'
import { traceEvent } from './trace.ts'
import type { TransactionState } from './transaction-state.ts'

const CAPTURES = 10
/** A longer list is not searched for every value: thousands of arguments would take a square of time. */
const MOST_SOUGHT = 16
/** A pattern may go over a value several times before it gives up. */
const STEPS_PER_BYTE = 16

/** Whether the rule, with its whole chain, matches. Runs its effects, but neither logs nor interrupts. */
export function evaluateRule(state: TransactionState, rule: Rule): boolean {
  state.rule = rule
  if (state.matchedVariables.length > 0) {
    state.matchedVariables = []
    state.evidences = []
  }
  if (!matchFrom(state, rule, rule.head)) return false
  if (rule.severity !== undefined) state.highestSeverity = Math.min(state.highestSeverity, rule.severity)
  return true
}

/** A chained rule runs once, after all values of the rule before it; `ctl` and the like only when the rest has matched. */
function matchFrom(state: TransactionState, rule: Rule, link: Link): boolean {
  if (!matchLink(state, rule, link)) return false
  if (link.next !== undefined && !matchFrom(state, rule, link.next)) return false
  run(link.afterMatch, state)
  return true
}

function matchLink(state: TransactionState, rule: Rule, link: Link): boolean {
  if (link.condition === undefined) {
    state.evidence = undefined
    run(link.onMatch, state)
    return true
  }
  const { profile, operator } = link.condition
  const compiled = typeof operator.resolve === 'function' ? operator.resolve(state) : operator.resolve
  const candidates = state.screening?.candidatesOf(link)
  const isNarrowed = candidates !== undefined && !operator.negated
  const entries = isNarrowed ? withoutRemoved(state, rule, candidates) : readTargets(state, rule, profile)
  const isShort = candidates !== undefined && candidates.length <= MOST_SOUGHT
  const comparison: Comparison = {
    state,
    link,
    operator,
    compiled,
    possible: isShort && !isNarrowed ? candidates : undefined,
  }
  let isMatch = false
  for (const entry of entries) {
    const misses = operator.macro === undefined ? entry.cell.findings?.misses : undefined
    if (misses?.has(link.number) === true) continue
    if (compareEntry(comparison, entry)) isMatch = true
    else misses?.add(link.number)
  }
  return isMatch
}

/** One rule of a chain at work: the same for all values. */
interface Comparison {
  readonly state: TransactionState
  readonly link: Link
  readonly operator: RuleOperator
  readonly compiled: CompiledOperator
  /** With `!@`: the values that the operator can find something in; `undefined`: all. */
  readonly possible: readonly Entry[] | undefined
}

function compareEntry(comparison: Comparison, entry: Entry): boolean {
  const { steps, transformation } = comparison.link
  if (steps !== undefined) return compareSteps(comparison, entry, steps)
  return compare(
    comparison,
    entry,
    transformation === undefined ? entry.cell.raw : entry.cell.transformed(transformation),
  )
}

/** multiMatch: the value as it is, then after each step that changes it; each match has its effects. */
function compareSteps(comparison: Comparison, entry: Entry, steps: readonly TransformNode[]): boolean {
  let before = entry.cell.raw
  let isMatch = compare(comparison, entry, before)
  for (const step of steps) {
    const value = entry.cell.transformed(step)
    if (value !== before && compare(comparison, entry, value)) isMatch = true
    before = value
  }
  return isMatch
}

function compare(comparison: Comparison, entry: Entry, value: string): boolean {
  const { state, link, operator, compiled, possible } = comparison
  state.budget.spend(value.length * STEPS_PER_BYTE)
  const isFound = possible?.includes(entry) !== false && compiled.test(value)
  const isMatch = isFound !== operator.negated
  if (state.trace !== undefined) {
    const traced = { ruleId: state.rule?.id ?? 0, link, operator, argument: argumentOf(comparison), compiled }
    state.trace(traceEvent(traced, { entry, value, matched: isMatch }))
  }
  if (isMatch) noteMatch(comparison, entry, value)
  return isMatch
}

/** MATCHED_VAR holds the value as the operator saw it. */
function noteMatch(comparison: Comparison, entry: Entry, value: string): void {
  const { state, operator, link, compiled } = comparison
  const argument = argumentOf(comparison)
  state.evidence = { link, operator, compiled, argument, variable: entry.name, entry, value }
  state.evidences.push(state.evidence)
  const matched = value === entry.cell.raw ? entry : new Entry(entry.collection, entry.key, new Cell(value))
  state.matchedVariable = matched
  state.matchedVariables.push(matched)
  if (link.capture && !operator.negated) capture(state, compiled, value)
  if (compiled.name !== undefined && !operator.negated) namePath(state, compiled.name(value))
  run(link.onMatch, state)
}

function namePath(
  { pathArguments }: TransactionState,
  parts: readonly (readonly [name: string, value: string])[],
): void {
  for (const [name, part] of parts) pathArguments.set(name, part)
}

function argumentOf({ operator, state }: Comparison): string {
  return operator.macro === undefined ? operator.argument : expandMacro(operator.macro, state)
}

/** TX:0 is the whole match, TX:1 to TX:9 the groups; those of an earlier match are gone. */
function capture(state: TransactionState, compiled: CompiledOperator, value: string): void {
  if (compiled.exec === undefined) return
  const captures = compiled.exec(value)?.captures ?? []
  for (let i = 0; i < CAPTURES; i++) {
    const text = captures[i]
    if (text === undefined) state.tx.delete(String(i))
    else state.tx.set(String(i), text)
  }
}

function run(effects: readonly Effect[], state: TransactionState): void {
  for (const effect of effects) effect(state)
}
