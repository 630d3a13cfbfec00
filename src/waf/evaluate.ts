import { type MaybePromise, PASS, type Verdict } from '../http.ts'
import type { Rule } from './compiler/program.ts'
import { evaluateRule } from './evaluate-rule.ts'
import { expandMacro } from './macro.ts'
import type { Consequence } from './match.ts'
import { referenceOf } from './match-reference.ts'
import type { TransactionState } from './transaction-state.ts'

/** What evaluating a rule costs besides its values, as bytes of the budget. */
const BYTES_PER_RULE = 512

/**
 * Runs the rules of a phase until one interrupts. Answers with a promise only when the time slice is over before the
 * rules are. Whatever goes wrong inside fails closed, with the rule's id.
 */
export function runPhase(state: TransactionState, phase: number): MaybePromise<Verdict> {
  state.enter(phase)
  if (state.engine === 'off' || (state.allow !== 'none' && phase !== 5)) return PASS
  state.budget.beginPhase()
  return runFrom(state, 0)
}

function runFrom(state: TransactionState, start: number): MaybePromise<Verdict> {
  const rules = state.program.phases[state.phase] ?? []
  try {
    const { screening, budget } = state
    for (let position = start; ; ) {
      const next = screening === undefined ? position : screening.next(position)
      if (next === undefined) return resumeLater(state, position)
      const rule = rules[next]
      if (rule === undefined) return PASS
      const isMatch = state.removedRules?.[rule.index] !== 1 && evaluateRule(state, rule)
      if (isMatch instanceof Promise) return resumeWith(state, { rule, position: next, isMatch })
      position = isMatch ? conclude(state, rule) : next + 1
      const end = endOf(state)
      if (end !== undefined) return end
      if (budget.isSliceOver(BYTES_PER_RULE)) return resumeLater(state, position)
    }
  } catch (error) {
    return fail(state, error)
  }
}

async function resumeLater(state: TransactionState, position: number): Promise<Verdict> {
  await state.budget.giveWay()
  return runFrom(state, position)
}

interface PendingRule {
  readonly rule: Rule
  readonly position: number
  readonly isMatch: Promise<boolean>
}

/** Some comparison of the rule is made elsewhere. */
async function resumeWith(state: TransactionState, { rule, position, isMatch }: PendingRule): Promise<Verdict> {
  try {
    const next = (await isMatch) ? conclude(state, rule) : position + 1
    return endOf(state) ?? runFrom(state, next)
  } catch (error) {
    return fail(state, error)
  }
}

/** The verdict, when the rule that has just run ends the phase. */
function endOf(state: TransactionState): Verdict | undefined {
  if (state.engine === 'off') return PASS
  if (state.phase === 5) return undefined
  return state.interruption ?? (state.allow === 'none' ? undefined : PASS)
}

/**
 * Records the match and does what the rule's disruptive action says, as far as the engine's mode lets it; the position of
 * the next rule.
 */
function conclude(state: TransactionState, rule: Rule): number {
  const consequence = interrupt(state, rule)
  if (rule.log || rule.auditLog || rule.disruptive.kind !== 'pass') record(state, rule, consequence)
  return rule.nextPosition
}

/** Phase 5 comes too late to interrupt anything. */
function interrupt(state: TransactionState, { id: ruleId, disruptive }: Rule): Consequence {
  if (state.engine !== 'on' || state.phase === 5) return 'warning'
  switch (disruptive.kind) {
    case 'pass':
      return 'warning'
    case 'allow':
      state.allow = disruptive.scope
      return 'allowed'
    case 'deny':
      state.interruption = { kind: 'block', status: disruptive.status, ruleId }
      return 'denied'
    case 'drop':
      state.interruption = { kind: 'drop', ruleId }
      return 'dropped'
    case 'redirect':
      state.interruption = {
        kind: 'redirect',
        status: disruptive.status,
        location: encodeControls(expandMacro(disruptive.location, state)),
        ruleId,
      }
      return 'redirected'
    default:
      return disruptive satisfies never
  }
}

/** Request data in the target of a redirect must not end its header line. */
function encodeControls(location: string): string {
  return location.replace(/[^\x21-\x7e]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function record(state: TransactionState, rule: Rule, consequence: Consequence): void {
  const verdict = state.interruption
  state.matches.push({
    rule,
    consequence,
    status: verdict?.kind === 'block' || verdict?.kind === 'redirect' ? verdict.status : 0,
    evidence: state.evidence,
    reference: rule.log || rule.auditLog ? referenceOf(state) : '',
    message: rule.message === undefined ? '' : expandMacro(rule.message, state),
    logData: rule.logData === undefined ? '' : expandMacro(rule.logData, state),
    tags: rule.tags.map((tag) => expandMacro(tag, state)),
  })
}

/** Without blocking, a failure is only recorded: an edge that observes must not interrupt. */
function fail(state: TransactionState, error: unknown): Verdict {
  const reason = error instanceof Error ? error.message : String(error)
  const ruleId = state.rule?.id
  state.incidents.push({ title: 'Rule processing failed.', reason, ruleId })
  return state.engine === 'on' ? { kind: 'failed', reason, ruleId } : PASS
}
