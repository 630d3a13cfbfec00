import type { MaybePromise } from '../http.ts'
import type { Effect, Link, Rule, RuleOperator } from './compiler/program.ts'
import { Cell, chainOf, Entry, type TransformNode } from './entry.ts'
import { readTargets, withoutRemoved } from './evaluate-targets.ts'
import { inquire } from './inquire.ts'
import { expandMacro } from './macro.ts'
import { type CompiledOperator, type OperatorAnswer, PROMPT_BYTES } from './operators/operator.ts'
import { traceEvent } from './trace.ts'
import type { TransactionState } from './transaction-state.ts'
import { findTransformation } from './transformations/index.ts'

const captureNames = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const
/** A longer list is not searched for every value: thousands of arguments would take a square of time. */
const MOST_SOUGHT = 16
/** A pattern may go over a value several times before it gives up. */
const STEPS_PER_BYTE = 16

/**
 * Whether the rule, with its whole chain, matches. Runs its effects, but neither logs nor interrupts. A promise only where
 * some comparison is made elsewhere, or where the time slice is over before all values are done.
 */
export function evaluateRule(state: TransactionState, rule: Rule): MaybePromise<boolean> {
  state.rule = rule
  if (state.matchedVariables.length > 0) {
    state.matchedVariables = []
    state.evidences = []
  }
  const isMatch = matchFrom(state, rule, rule.head)
  if (isMatch instanceof Promise) return isMatch.then((settled) => settled && noteSeverity(state, rule))
  return isMatch && noteSeverity(state, rule)
}

function noteSeverity(state: TransactionState, { severity }: Rule): true {
  if (severity !== undefined) state.highestSeverity = Math.min(state.highestSeverity, severity)
  return true
}

/** A chained rule runs once, after all values of the rule before it; `ctl` and the like only when the rest has matched. */
function matchFrom(state: TransactionState, rule: Rule, link: Link): MaybePromise<boolean> {
  const isMatch = matchLink(state, rule, link)
  if (isMatch instanceof Promise) return isMatch.then((settled) => settled && matchRest(state, rule, link))
  return isMatch && matchRest(state, rule, link)
}

function matchRest(state: TransactionState, rule: Rule, { next, afterMatch }: Link): MaybePromise<boolean> {
  const isMatch = next === undefined || matchFrom(state, rule, next)
  if (isMatch instanceof Promise) return isMatch.then((settled) => settled && run(afterMatch, state))
  return isMatch && run(afterMatch, state)
}

function matchLink(state: TransactionState, rule: Rule, link: Link): MaybePromise<boolean> {
  if (link.condition === undefined) {
    state.evidence = undefined
    return run(link.onMatch, state)
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
  return compareEntries(comparison, entries, { position: 0, isMatch: false })
}

/** How far the values of a link have been looked at. */
interface Progress {
  readonly position: number
  readonly isMatch: boolean
}

function compareEntries(comparison: Comparison, entries: readonly Entry[], from: Progress): MaybePromise<boolean> {
  const { link, operator, state } = comparison
  const { budget } = state
  let { isMatch } = from
  for (let position = from.position; position < entries.length; position++) {
    const entry = entries[position] as Entry // below its length
    const misses = operator.macro === undefined ? entry.cell.findings?.misses : undefined
    if (misses?.has(link.number) === true) continue
    const found = compareEntry(comparison, entry)
    if (found instanceof Promise) return found.then((hit) => goOn(hit || isMatch, position + 1))
    if (found) isMatch = true
    else misses?.add(link.number)
    if (budget.isDue) return budget.giveWay().then(() => goOn(isMatch, position + 1))
  }
  return isMatch

  function goOn(isMatchSoFar: boolean, position: number): MaybePromise<boolean> {
    return compareEntries(comparison, entries, { position, isMatch: isMatchSoFar })
  }
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

function compareEntry(comparison: Comparison, entry: Entry): MaybePromise<boolean> {
  const { cell } = entry
  const { steps, transformation } = comparison.link
  if (steps !== undefined) return compareValues(comparison, entry, { values: valuesOf(cell, steps), isMatch: false })
  if (transformation === undefined) return compare(comparison, entry, cell.raw)
  if (isLong(comparison, cell.raw)) {
    const chain = chainOf(transformation)
    if (chain.every(isStandard)) return compareElsewhere(comparison, entry, { value: cell.raw, chain })
  }
  return compare(comparison, entry, cell.transformed(transformation))
}

/** multiMatch: the value as it is, then after each step that changes it; each match has its effects. */
function valuesOf(cell: Cell, steps: readonly TransformNode[]): string[] {
  const values = [cell.raw]
  for (const step of steps) {
    const value = cell.transformed(step)
    if (value !== values.at(-1)) values.push(value)
  }
  return values
}

interface Values {
  readonly values: readonly string[]
  readonly isMatch: boolean
}

function compareValues(comparison: Comparison, entry: Entry, { values, isMatch }: Values): MaybePromise<boolean> {
  const [value, ...others] = values
  if (value === undefined) return isMatch
  const found = compare(comparison, entry, value)
  if (found instanceof Promise)
    return found.then((hit) => compareValues(comparison, entry, { values: others, isMatch: hit || isMatch }))
  return compareValues(comparison, entry, { values: others, isMatch: found || isMatch })
}

function compare(comparison: Comparison, entry: Entry, value: string): MaybePromise<boolean> {
  if (isLong(comparison, value)) return compareElsewhere(comparison, entry, { value, chain: [] })
  const { state, compiled, possible } = comparison
  state.budget.spend(value.length * STEPS_PER_BYTE)
  return conclude(comparison, { entry, value, isFound: possible?.includes(entry) !== false && compiled.test(value) })
}

/** Whether the comparison could hold up the event loop for long, and need not. */
function isLong({ state, compiled }: Comparison, { length }: string): boolean {
  return length > (compiled.promptBytes ?? PROMPT_BYTES) && state.offload !== undefined && compiled.recipe !== undefined
}

/** Elsewhere a step is known by its name: one that the rules have changed has to be run here. */
function isStandard({ name, transform }: TransformNode): boolean {
  return findTransformation(name)?.transform === transform
}

interface Remote {
  readonly value: string
  /** Transformations yet to run. */
  readonly chain: readonly TransformNode[]
}

/** Others have their turn until the answer is there. */
async function compareElsewhere(comparison: Comparison, entry: Entry, { value, chain }: Remote): Promise<boolean> {
  const { state, compiled, possible, operator } = comparison
  const last = chain.at(-1)
  const transformed = () => (last === undefined ? value : entry.cell.transformed(last))
  if (possible?.includes(entry) === false) return conclude(comparison, { entry, value: transformed(), isFound: false })
  const telling = operator.negated ? 'missing' : 'found'
  const steps = chain.map(({ name }) => name)
  const { answer, value: seen } = await inquire(state, compiled, { value, steps, telling })
  const shown = state.trace === undefined ? (seen ?? value) : transformed()
  return conclude(comparison, { entry, value: shown, isFound: answer.isFound, answer })
}

/** A value with what the operator found in it. */
interface Finding {
  readonly entry: Entry
  /** As the operator saw it. */
  readonly value: string
  readonly isFound: boolean
  /** Absent: the operator can be asked here. */
  readonly answer?: OperatorAnswer
}

function conclude(comparison: Comparison, finding: Finding): boolean {
  const { state, link, operator, compiled } = comparison
  const { entry, value } = finding
  const isMatch = finding.isFound !== operator.negated
  if (state.trace !== undefined) {
    const traced = { ruleId: state.rule?.id ?? 0, link, operator, argument: argumentOf(comparison), compiled }
    state.trace(traceEvent(traced, { entry, value, matched: isMatch }))
  }
  if (isMatch) noteMatch(comparison, finding)
  return isMatch
}

/** MATCHED_VAR holds the value as the operator saw it. */
function noteMatch(comparison: Comparison, { entry, value, answer }: Finding): void {
  const { state, operator, link, compiled } = comparison
  const argument = argumentOf(comparison)
  state.evidence = { link, operator, compiled, argument, variable: entry.name, entry, value, spans: answer?.spans }
  state.evidences.push(state.evidence)
  const matched = value === entry.cell.raw ? entry : new Entry(entry.collection, entry.key, new Cell(value))
  state.matchedVariable = matched
  state.matchedVariables.push(matched)
  if (link.capture && !operator.negated && compiled.exec !== undefined)
    capture(state, answer === undefined ? compiled.exec(value)?.captures : answer.captures)
  if (compiled.name !== undefined && !operator.negated)
    namePath(state, answer === undefined ? compiled.name(value) : (answer.names ?? []))
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
function capture(state: TransactionState, captures: readonly (string | undefined)[] = []): void {
  for (const [i, name] of captureNames.entries()) {
    const text = captures[i]
    if (text === undefined) state.tx.delete(name)
    else state.tx.set(name, text)
  }
}

function run(effects: readonly Effect[], state: TransactionState): true {
  for (const effect of effects) effect(state)
  return true
}
