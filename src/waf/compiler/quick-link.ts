import { Cell, Entry } from '../entry.ts'
import { readUntouched } from '../evaluate-targets.ts'
import type { CompiledOperator } from '../operators/operator.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { Condition, DirectTarget, Link, TargetProfile } from './program.ts'

/** Longer values are left to the full evaluation, which minds the time. */
const QUICK_BYTES = 256
/** The answer about a value this short may be kept: no string of that length holds on to the longer one it came from. */
const KEPT_BYTES = 12

/** What a link says of its only value: when it matches, what MATCHED_VAR is then. */
export type Outcome = Entry | 'miss' | 'unknown'
export type QuickLink = (state: TransactionState) => Outcome

/** For a link that looks at one short value; touches nothing. */
export function quickLink(link: Link, condition: Condition): QuickLink | undefined {
  const { profile, operator } = condition
  const { resolve } = operator
  const read = readerOfOne(profile)
  if (read === undefined || link.steps !== undefined) return undefined
  const judge = judgeOf(link, condition)
  if (profile.direct?.target.mode === 'count' && typeof resolve !== 'function')
    return countLink(profile.direct, resolve, judge)
  return (state) => {
    const compiled = typeof resolve === 'function' ? resolve(state) : resolve
    const entries = read(state)
    if (entries.length !== 1) return entries.length === 0 ? 'miss' : 'unknown'
    return judge(entries[0] as Entry, compiled) // the only one
  }
}

/** How the values of a list are read that has one as a rule: a member by its name, a count, a scalar. */
function readerOfOne(profile: TargetProfile): ((state: TransactionState) => readonly Entry[]) | undefined {
  const { targets, exclusions, direct } = profile
  const [target] = targets
  if (target === undefined || targets.length > 1 || exclusions.length > 0) return undefined
  const { word, mode } = target
  if (mode === 'count') return (state) => readUntouched(state, profile)
  if (direct !== undefined) return direct.read
  return word.shape === 'scalar' ? (state) => state.read(word) : undefined
}

type Judge = (entry: Entry, operator: CompiledOperator) => Outcome

/** `&TX:name "@eq 0"`: there are two answers, none and one. */
function countLink({ read, counts }: DirectTarget, operator: CompiledOperator, judge: Judge): QuickLink {
  const outcomes = counts.map(([entry]) => (entry === undefined ? 'unknown' : judge(entry, operator)))
  return (state) => outcomes[read(state).length] ?? 'unknown'
}

/** Constants of the rules, methods and the like come again and again: the last answer is kept. */
function judgeOf({ number, transformation }: Link, { operator: { negated, macro } }: Condition): Judge {
  let lastCell: Cell | undefined
  let lastOperator: CompiledOperator | undefined
  let wasMatch = false
  return (entry, operator) => {
    const { cell } = entry
    if (cell !== lastCell || operator !== lastOperator) {
      const findings = macro === undefined ? cell.findings : undefined
      if (findings?.hasMissed(number) === true) return 'miss'
      const longest = Math.min(QUICK_BYTES, operator.promptBytes ?? QUICK_BYTES)
      if (cell.raw.length > longest) return 'unknown'
      const value = transformation === undefined ? cell.raw : cell.transformed(transformation)
      if (value.length > longest || operator.name !== undefined) return 'unknown'
      const isMatch = operator.test(value) !== negated
      if (!isMatch) findings?.noteMiss(number)
      if (cell.raw.length > KEPT_BYTES || value.length > KEPT_BYTES) return isMatch ? asMatched(entry, value) : 'miss'
      lastCell = cell
      lastOperator = operator
      wasMatch = isMatch
    }
    if (!wasMatch) return 'miss'
    return transformation === undefined ? entry : asMatched(entry, cell.transformed(transformation))
  }
}

/** MATCHED_VAR is the value as the operator saw it. */
function asMatched(entry: Entry, value: string): Entry {
  return value === entry.cell.raw ? entry : new Entry(entry.collection, entry.key, new Cell(value))
}
