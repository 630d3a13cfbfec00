import type { MaybePromise } from '../http.ts'
import type { Link, RuleOperator } from './compiler/program.ts'
import { Cell, chainOf, Entry, type TransformNode } from './entry.ts'
import { inquire } from './inquire.ts'
import { expandMacro } from './macro.ts'
import { type CompiledOperator, type OperatorAnswer, PROMPT_BYTES } from './operators/operator.ts'
import { runEffects } from './run-effects.ts'
import { traceEvent } from './trace.ts'
import type { TransactionState } from './transaction-state.ts'
import { findTransformation } from './transformations/index.ts'

const captureNames = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const
/** A pattern may go over a value several times before it gives up. */
const STEPS_PER_BYTE = 16

/** One rule of a chain at work: the same for all values. */
export interface Comparison {
  readonly state: TransactionState
  readonly link: Link
  readonly operator: RuleOperator
  readonly compiled: CompiledOperator
  /** With `!@`: the values that the operator can find something in; `undefined`: all. */
  readonly possible: readonly Entry[] | undefined
}

/** Whether the value matches; if so, with what a match leaves behind. A promise where the comparison is made elsewhere. */
export function compareEntry(comparison: Comparison, entry: Entry): MaybePromise<boolean> {
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
  let isAnyMatch = isMatch
  for (let i = 0; i < values.length; i++) {
    const found = compare(comparison, entry, values[i] as string) // below its length
    if (found instanceof Promise)
      return compareOthers(comparison, entry, { values: values.slice(i + 1), isMatch: isAnyMatch, found })
    if (found) isAnyMatch = true
  }
  return isAnyMatch
}

/** Once one of them was compared elsewhere. */
async function compareOthers(
  comparison: Comparison,
  entry: Entry,
  { values, isMatch, found }: Values & { readonly found: Promise<boolean> },
): Promise<boolean> {
  const hit = await found
  return compareValues(comparison, entry, { values, isMatch: hit || isMatch })
}

function compare(comparison: Comparison, entry: Entry, value: string): MaybePromise<boolean> {
  if (isLong(comparison, value)) return compareElsewhere(comparison, entry, { value, chain: [] })
  const { state, compiled, possible, operator } = comparison
  state.budget.spend(value.length * STEPS_PER_BYTE)
  const isFound = possible?.includes(entry) !== false && compiled.test(value)
  if (isFound === operator.negated && state.trace === undefined) return false
  return conclude(comparison, { entry, value, isFound })
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
  runEffects(link.onMatch, state)
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
  for (let slot = 0; slot < captureNames.length; slot++) {
    const name = captureNames[slot] as string // below its length
    const text = slot < captures.length ? captures[slot] : undefined
    if (text === undefined) state.tx.deleteAt(slot)
    else state.tx.setAt(slot, name, text)
  }
}
