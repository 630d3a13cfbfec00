import type { Exclusion, Rule, Selector, Target, TargetProfile } from './compiler/program.ts'
import { Cell, Entry } from './entry.ts'
import type { TransactionState } from './transaction-state.ts'

const NEVER_SETTLED = 99

/** The values that a rule looks at, without those that the rule or a `ctl` of this transaction leaves out. */
export function readTargets(state: TransactionState, rule: Rule, profile: TargetProfile): readonly Entry[] {
  if (state.removedTargets.length > 0) {
    const removed = state.removedTargets.filter(({ rules, word }) => rules[rule.index] === 1 && looksAt(profile, word))
    if (removed.length > 0) return collect(state, profile, [...profile.exclusions, ...removed])
  }
  const known = state.targets[profile.number]
  if (known !== undefined) return known
  const entries = collect(state, profile, profile.exclusions)
  if (profile.settled !== NEVER_SETTLED) state.targets[profile.number] = entries
  return entries
}

function looksAt(profile: TargetProfile, word: Exclusion['word']): boolean {
  return profile.targets.some((target) => target.word === word)
}

function collect(
  state: TransactionState,
  { targets }: TargetProfile,
  exclusions: readonly Exclusion[],
): readonly Entry[] {
  const [only] = targets
  if (targets.length === 1 && only !== undefined) return readTarget(state, only, exclusions)
  return targets.flatMap((target) => readTarget(state, target, exclusions))
}

function readTarget(state: TransactionState, target: Target, exclusions: readonly Exclusion[]): readonly Entry[] {
  let entries = select(state, target)
  for (const { word, selector } of exclusions) {
    if (word === target.word) entries = entries.filter((entry) => !isSelected(entry, selector))
  }
  return target.mode === 'include' ? entries : [countOf(target, entries.length)]
}

function select(state: TransactionState, { word, selector }: Target): readonly Entry[] {
  if (selector === undefined) return state.read(word)
  if (selector.kind === 'name' && word.find !== undefined) return word.find(state, selector.lowerName)
  return state.read(word).filter((entry) => isSelected(entry, selector))
}

function isSelected(entry: Entry, selector: Selector | undefined): boolean {
  if (selector === undefined) return true
  if (selector.kind === 'name') return entry.lowerKey === selector.lowerName
  return selector.pattern.test(entry.key ?? '')
}

/** `&X` has one value, always: how many there are. It bears the name of what is counted. */
function countOf({ word, selector }: Target, count: number): Entry {
  return new Entry(word.name, selector?.kind === 'name' ? selector.name : undefined, new Cell(String(count)))
}
