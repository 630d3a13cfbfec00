import { Cell, Entry } from '../entry.ts'
import { readUntouched } from '../evaluate-targets.ts'
import { wordsOf } from '../macro.ts'
import { runEffects } from '../run-effects.ts'
import type { TransactionState } from '../transaction-state.ts'
import { matchedVar, matchedVarName, matchedVars, matchedVarsNames } from '../variables/matched.ts'
import type { VariableWord } from '../variables/variable.ts'
import type { Condition, Link, Rule, TargetProfile } from './program.ts'

/** Longer values are left to the full evaluation, which minds the time. */
const QUICK_BYTES = 256

/** What a link says of its only value: when it matches, what MATCHED_VAR is then. */
type Outcome = Entry | 'miss' | 'unknown'
type QuickLink = (state: TransactionState) => Outcome

/**
 * A short way to the outcome of a rule whose first links look at one short value each, without anything being noted that
 * nobody will read. Answers whether the rule matches, as after a full evaluation, or `undefined` with nothing touched: then
 * that has to be done. Holds while no `ctl` has taken a target away.
 */
export type Attempt = (state: TransactionState) => boolean | undefined

export function attemptOf(rule: Omit<Rule, 'attempt'>): Attempt | undefined {
  const links = quickLinks(rule.head)
  const [first] = links
  if (first === undefined) return undefined
  if (isSilent(rule)) return matching(first, rule.head)
  return links.length === 1 ? refusing(first) : refusingChain(links)
}

/** Up to the first link that leaves something behind for those after it. */
function quickLinks(head: Link): QuickLink[] {
  const links: QuickLink[] = []
  for (let link: Link | undefined = head; link !== undefined; link = link.next) {
    const quick = link.condition && quickLink(link, link.condition)
    if (quick === undefined || (link !== head && seesMatches(link.condition))) break
    links.push(quick)
    if (link.capture || link.onMatch.length > 0) break
  }
  return links
}

/** A match of it leaves behind MATCHED_VAR and its effects, and nothing to record. */
function isSilent({ head, log, auditLog, disruptive, severity }: Omit<Rule, 'attempt'>): boolean {
  const isRecorded = log || auditLog || disruptive.kind !== 'pass'
  return !isRecorded && severity === undefined && head.next === undefined && !head.capture
}

function matching(test: QuickLink, { onMatch, afterMatch }: Link): Attempt {
  return (state) => {
    const outcome = test(state)
    if (outcome === 'unknown') return undefined
    if (outcome === 'miss') return false
    state.matchedVariable = outcome
    state.matchedVariables = [outcome]
    return runEffects(onMatch, state) && runEffects(afterMatch, state)
  }
}

function refusing(test: QuickLink): Attempt {
  return (state) => (test(state) === 'miss' ? false : undefined)
}

function refusingChain(links: readonly QuickLink[]): Attempt {
  return (state) => {
    let matched: Entry | undefined
    for (const test of links) {
      const outcome = test(state)
      if (outcome === 'unknown') return undefined
      if (outcome === 'miss') {
        if (matched !== undefined) state.matchedVariable = matched
        return false
      }
      matched = outcome
    }
    return undefined
  }
}

function quickLink({ number, steps, transformation }: Link, { profile, operator }: Condition): QuickLink | undefined {
  const read = readerOfOne(profile)
  if (read === undefined || steps !== undefined) return undefined
  const { resolve, negated, macro } = operator
  return (state) => {
    const compiled = typeof resolve === 'function' ? resolve(state) : resolve
    const entries = read(state)
    if (entries.length !== 1) return entries.length === 0 ? 'miss' : 'unknown'
    const entry = entries[0] as Entry // the only one
    const { cell } = entry
    const misses = macro === undefined ? cell.findings?.misses : undefined
    if (misses?.has(number) === true) return 'miss'
    const longest = Math.min(QUICK_BYTES, compiled.promptBytes ?? QUICK_BYTES)
    if (cell.raw.length > longest) return 'unknown'
    const value = transformation === undefined ? cell.raw : cell.transformed(transformation)
    if (value.length > longest) return 'unknown'
    if (compiled.test(value) === negated) {
      misses?.add(number)
      return 'miss'
    }
    if (compiled.name !== undefined) return 'unknown'
    return value === cell.raw ? entry : new Entry(entry.collection, entry.key, new Cell(value))
  }
}

/** How the values of a list are read that has one as a rule: a member by its name, a count, a scalar. */
function readerOfOne(profile: TargetProfile): ((state: TransactionState) => readonly Entry[]) | undefined {
  const { targets, exclusions, direct } = profile
  const [target] = targets
  if (target === undefined || targets.length > 1 || exclusions.length > 0) return undefined
  if (direct !== undefined && target.mode === 'include') return direct.read
  const { word, mode } = target
  if (word.shape === 'scalar' && mode === 'include') return (state) => state.read(word)
  return mode === 'count' ? (state) => readUntouched(state, profile) : undefined
}

const ofMatches: readonly VariableWord[] = [matchedVar, matchedVarName, matchedVars, matchedVarsNames]

/** Whether a link reads what the links before it leave behind. */
function seesMatches(condition: Condition | undefined): boolean {
  const targets = condition?.profile.targets.map(({ word }) => word) ?? []
  return [...targets, ...wordsOf(condition?.operator.macro)].some((word) => ofMatches.includes(word))
}
