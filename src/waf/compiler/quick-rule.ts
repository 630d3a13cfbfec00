import type { Entry } from '../entry.ts'
import { wordsOf } from '../macro.ts'
import { runEffects } from '../run-effects.ts'
import type { TransactionState } from '../transaction-state.ts'
import { matchedVar, matchedVarName, matchedVars, matchedVarsNames } from '../variables/matched.ts'
import type { VariableWord } from '../variables/variable.ts'
import type { Condition, Link, Rule } from './program.ts'
import { type QuickLink, quickLink } from './quick-link.ts'

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

const ofMatches: readonly VariableWord[] = [matchedVar, matchedVarName, matchedVars, matchedVarsNames]

/** Whether a link reads what the links before it leave behind. */
function seesMatches(condition: Condition | undefined): boolean {
  const targets = condition?.profile.targets.map(({ word }) => word) ?? []
  return [...targets, ...wordsOf(condition?.operator.macro)].some((word) => ofMatches.includes(word))
}
