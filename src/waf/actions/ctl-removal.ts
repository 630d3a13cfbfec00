import { parseIdRanges } from '../compiler/id-ranges.ts'
import { compilePattern } from '../compiler/pattern.ts'
import { reject } from '../compiler/rejection.ts'
import { compileExclusion } from '../compiler/targets.ts'
import type { Word } from '../seclang/ast.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { ActionDraft, RuleIndex } from './action.ts'
import type { CtlOption } from './ctl.ts'

/** Tells which rules are meant; asked once, when all rules are known. */
type Pick = (rules: RuleIndex) => Uint8Array

/** Options of `ctl` that take rules, or variables of rules, out of the transaction. */
export const removalOptions: Readonly<Record<string, CtlOption>> = {
  ruleRemoveById: (draft, value) => removeRules(draft, pickById(value)),
  ruleRemoveByTag: (draft, value) => removeRules(draft, pickByTag(value)),
  ruleRemoveByMsg: (draft, value) => removeRules(draft, pickByMessage(value)),
  ruleRemoveTargetById: (draft, value) => removeTarget(draft, value, pickById),
  ruleRemoveTargetByTag: (draft, value) => removeTarget(draft, value, pickByTag),
  ruleRemoveTargetByMsg: (draft, value) => removeTarget(draft, value, pickByMessage),
}

function removeRules(draft: ActionDraft, pick: Pick): void {
  draft.afterMatch.push((rules) => {
    const picked = pick(rules)
    return (state) => {
      state.removedRules = state.removedRules === undefined ? picked : union(state.removedRules, picked)
    }
  })
}

function removeTarget(draft: ActionDraft, value: Word, pickBy: (word: Word) => Pick): void {
  const semicolon = value.text.indexOf(';')
  if (semicolon < 0) reject(value, 'the rules and the variable must be separated by ";"')
  const pick = pickBy({ ...value, text: value.text.slice(0, semicolon) })
  const column = value.location.column + semicolon + 1
  const exclusion = compileExclusion({ text: value.text.slice(semicolon + 1), location: { ...value.location, column } })
  draft.afterMatch.push((rules) => {
    const removed = { rules: pick(rules), ...exclusion }
    return (state: TransactionState) => {
      state.removedTargets.push(removed)
    }
  })
}

function pickById(value: Word): Pick {
  const ranges = parseIdRanges(value)
  return (rules) => rules.byId(ranges)
}

function pickByTag(value: Word): Pick {
  const pattern = compilePattern(value, { ignoreCase: false })
  return (rules) => rules.byTag(pattern)
}

function pickByMessage(value: Word): Pick {
  const pattern = compilePattern(value, { ignoreCase: false })
  return (rules) => rules.byMessage(pattern)
}

function union(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.map((flag, index) => flag | (right[index] ?? 0))
}
