import type { Effect, Link, Rule, RuleOperator } from './compiler/program.ts'
import { Cell, Entry } from './entry.ts'
import { readTargets } from './evaluate-targets.ts'
import { expandMacro } from './macro.ts'
import type { CompiledOperator } from './operators/operator.ts'
import type { TransactionState } from './transaction-state.ts'

const CAPTURES = 10

/** Whether the rule, with its whole chain, matches. Runs its effects, but neither logs nor interrupts. */
export function evaluateRule(state: TransactionState, rule: Rule): boolean {
  state.rule = rule
  if (state.matchedVariables.length > 0) state.matchedVariables = []
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
  const context = { link, operator, compiled }
  let isMatch = false
  for (const entry of readTargets(state, rule, profile)) {
    if (link.steps !== undefined) isMatch = testSteps(state, entry, context) || isMatch
    else {
      const value = link.transformation === undefined ? entry.cell.raw : entry.cell.transformed(link.transformation)
      isMatch = testValue(state, entry, { ...context, value }) || isMatch
    }
  }
  return isMatch
}

interface Test {
  readonly link: Link
  readonly operator: RuleOperator
  readonly compiled: CompiledOperator
}

/** multiMatch: the value as it is, then after each step that changes it; each match has its effects. */
function testSteps(state: TransactionState, entry: Entry, test: Test): boolean {
  let before = entry.cell.raw
  let isMatch = testValue(state, entry, { ...test, value: before })
  for (const step of test.link.steps ?? []) {
    const value = entry.cell.transformed(step)
    if (value !== before) isMatch = testValue(state, entry, { ...test, value }) || isMatch
    before = value
  }
  return isMatch
}

function testValue(state: TransactionState, entry: Entry, test: Test & { readonly value: string }): boolean {
  const { value, operator, compiled } = test
  state.budget.spend(value.length)
  const isMatch = compiled.test(value) !== operator.negated
  state.trace?.({ ruleId: state.rule?.id ?? 0, variable: entry.name, value, matched: isMatch })
  if (isMatch) noteMatch(state, entry, test)
  return isMatch
}

/** MATCHED_VAR holds the value as the operator saw it. */
function noteMatch(state: TransactionState, entry: Entry, test: Test & { readonly value: string }): void {
  const { value, operator, link } = test
  const matched = value === entry.cell.raw ? entry : new Entry(entry.collection, entry.key, new Cell(value))
  state.matchedVariable = matched
  state.matchedVariables.push(matched)
  const argument = operator.macro === undefined ? operator.argument : expandMacro(operator.macro, state)
  state.evidence = { operator, argument, variable: entry.name, value }
  if (link.capture && !operator.negated) capture(state, test.compiled, value)
  run(link.onMatch, state)
}

/** TX:0 is the whole match, TX:1 to TX:9 the groups; those of an earlier match are gone. */
function capture(state: TransactionState, compiled: CompiledOperator, value: string): void {
  const captures = compiled.exec === undefined ? [value] : (compiled.exec(value)?.captures ?? [])
  for (let i = 0; i < CAPTURES; i++) {
    const text = captures[i]
    if (text === undefined) state.tx.delete(String(i))
    else state.tx.set(String(i), text)
  }
}

function run(effects: readonly Effect[], state: TransactionState): void {
  for (const effect of effects) effect(state)
}
