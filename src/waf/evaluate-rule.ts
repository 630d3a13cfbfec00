import type { MaybePromise } from '../http.ts'
import { type Comparison, compareEntry } from './compare-entry.ts'
import type { Effect, Link, Rule } from './compiler/program.ts'
import type { Entry } from './entry.ts'
import { hasRemoved, readTargets, withoutRemoved } from './evaluate-targets.ts'
import { runEffects } from './run-effects.ts'
import type { TransactionState } from './transaction-state.ts'

/** A longer list is not searched for every value: thousands of arguments would take a square of time. */
const MOST_SOUGHT = 16

/**
 * Whether the rule, with its whole chain, matches. Runs its effects, but neither logs nor interrupts. A promise only where
 * some comparison is made elsewhere, or where the time slice is over before all values are done.
 *
 * What goes on with such a promise are functions of their own: a closure in one of these would cost each of their calls a context.
 */
export function evaluateRule(state: TransactionState, rule: Rule): MaybePromise<boolean> {
  state.rule = rule
  if (state.matchedVariables.length > 0) state.matchedVariables = []
  if (state.evidences.length > 0) state.evidences = []
  if (rule.attempt !== undefined && !hasRemoved(state, rule)) {
    const attempted = rule.attempt(state)
    if (attempted !== undefined) return attempted
  }
  const isMatch = matchFrom(state, rule, rule.head)
  if (isMatch instanceof Promise) return noteSeverityLater(state, rule, isMatch)
  return isMatch && noteSeverity(state, rule)
}

async function noteSeverityLater(state: TransactionState, rule: Rule, isMatch: Promise<boolean>): Promise<boolean> {
  return (await isMatch) && noteSeverity(state, rule)
}

function noteSeverity(state: TransactionState, { severity }: Rule): true {
  if (severity !== undefined) state.highestSeverity = Math.min(state.highestSeverity, severity)
  return true
}

/** A chained rule runs once, after all values of the rule before it; `ctl` and the like only when the rest has matched. */
function matchFrom(state: TransactionState, rule: Rule, link: Link): MaybePromise<boolean> {
  const isMatch = matchLink(state, rule, link)
  if (isMatch instanceof Promise) return matchRestLater({ state, rule, link }, isMatch)
  return isMatch && matchRest(state, rule, link)
}

interface Place {
  readonly state: TransactionState
  readonly rule: Rule
  readonly link: Link
}

async function matchRestLater({ state, rule, link }: Place, isMatch: Promise<boolean>): Promise<boolean> {
  return (await isMatch) && matchRest(state, rule, link)
}

function matchRest(state: TransactionState, rule: Rule, { next, afterMatch }: Link): MaybePromise<boolean> {
  const isMatch = next === undefined || matchFrom(state, rule, next)
  if (isMatch instanceof Promise) return runEffectsLater(state, afterMatch, isMatch)
  return isMatch && runEffects(afterMatch, state)
}

async function runEffectsLater(
  state: TransactionState,
  effects: readonly Effect[],
  isMatch: Promise<boolean>,
): Promise<boolean> {
  return (await isMatch) && runEffects(effects, state)
}

function matchLink(state: TransactionState, rule: Rule, link: Link): MaybePromise<boolean> {
  if (link.condition === undefined) {
    state.evidence = undefined
    return runEffects(link.onMatch, state)
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
  return compareEntries(comparison, entries, BEGINNING)
}

/** How far the values of a link have been looked at. */
interface Progress {
  readonly position: number
  readonly isMatch: boolean
}

const BEGINNING: Progress = Object.freeze({ position: 0, isMatch: false })

function compareEntries(comparison: Comparison, entries: readonly Entry[], from: Progress): MaybePromise<boolean> {
  const { link, operator, state } = comparison
  const { budget } = state
  let { isMatch } = from
  for (let position = from.position; position < entries.length; position++) {
    const entry = entries[position] as Entry // below its length
    const findings = operator.macro === undefined ? entry.cell.findings : undefined
    if (findings?.hasMissed(link.number) === true) continue
    const found = compareEntry(comparison, entry)
    const after = position + 1
    if (found instanceof Promise) return goOn(comparison, entries, { position: after, isMatch, pending: found })
    if (found) isMatch = true
    else findings?.noteMiss(link.number)
    if (budget.isDue) return goOn(comparison, entries, { position: after, isMatch, pending: budget.giveWay() })
  }
  return isMatch
}

/** Looks at the values that are left once something has happened elsewhere. */
async function goOn(
  comparison: Comparison,
  entries: readonly Entry[],
  { position, isMatch, pending }: Progress & { readonly pending: Promise<unknown> },
): Promise<boolean> {
  const found = await pending
  return compareEntries(comparison, entries, { position, isMatch: found === true || isMatch })
}
