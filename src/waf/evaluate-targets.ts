import type { DirectTarget, Exclusion, Rule, Selector, Target, TargetProfile } from './compiler/program.ts'
import { Cell, Entry } from './entry.ts'
import type { RemovedTarget, TransactionState } from './transaction-state.ts'
import type { VariableWord } from './variables/variable.ts'

/** The values that a rule looks at, without those that the rule or a `ctl` of this transaction leaves out. */
export function readTargets(state: TransactionState, rule: Rule, profile: TargetProfile): readonly Entry[] {
  const removed = hasRemoved(state, rule) ? removedFrom(state, rule, profile) : []
  if (removed.length > 0) return collect(state, profile.targets, [...profile.exclusions, ...removed])
  return readUntouched(state, profile)
}

function removedFrom({ removedTargets }: TransactionState, { index }: Rule, profile: TargetProfile): RemovedTarget[] {
  return removedTargets.filter(({ rules, word }) => rules[index] === 1 && looksAt(profile, word))
}

/** Whether a `ctl` of this transaction has taken away something that the rule looks at, or might. */
export function hasRemoved({ removedTargets }: TransactionState, { index }: Rule): boolean {
  for (const { rules } of removedTargets) if (rules[index] === 1) return true
  return false
}

/** The values of a target list from which no `ctl` of this transaction has taken any. */
export function readUntouched(state: TransactionState, profile: TargetProfile): readonly Entry[] {
  if (profile.direct !== undefined) return readMember(state, profile.direct)
  const version = versionOf(state, profile)
  const known = state.targets?.get(profile.number)
  if (known !== undefined && known.version === version) return known.entries
  const entries = collect(state, profile.targets, profile.exclusions)
  if (version !== undefined) {
    state.targets ??= new Map()
    state.targets.set(profile.number, { entries, version })
  }
  return entries
}

/** One member by its name, as most rules about TX ask for it. */
function readMember(state: TransactionState, { read, target, counts }: DirectTarget): readonly Entry[] {
  const entries = read(state)
  if (target.mode === 'include') return entries
  return counts[entries.length] ?? [countOf(target, entries.length)]
}

/** `undefined`: the values may change without notice. */
function versionOf(state: TransactionState, { volatile }: TargetProfile): number | undefined {
  let version = 0
  for (const word of volatile) {
    if (word.version === undefined) return undefined
    version += word.version(state)
  }
  return version
}

function looksAt(profile: TargetProfile, word: Exclusion['word']): boolean {
  return profile.targets.some((target) => target.word === word || target.word.base === word)
}

function collect(
  state: TransactionState,
  targets: readonly Target[],
  exclusions: readonly Exclusion[],
): readonly Entry[] {
  const [first, ...others] = targets
  if (first === undefined) return []
  const entries = readTarget(state, first, exclusions)
  if (others.length === 0) return entries
  const all = entries.slice()
  for (const target of others) {
    for (const entry of readTarget(state, target, exclusions)) all.push(entry)
  }
  return all
}

function readTarget(state: TransactionState, target: Target, exclusions: readonly Exclusion[]): readonly Entry[] {
  let entries = select(state, target)
  for (const { word, selector } of exclusions) {
    if (word === target.word || word === target.word.base) entries = withoutSelected(entries, selector)
  }
  return target.mode === 'include' ? entries : [countOf(target, entries.length)]
}

function select(state: TransactionState, { word, selector }: Target): readonly Entry[] {
  if (selector === undefined) return state.read(word)
  if (selector.kind === 'name' && word.find !== undefined) return word.find(state, selector.lowerName)
  if (selector.kind === 'regex' && word.match !== undefined) return word.match(state, selector.pattern)
  return selected(state.read(word), selector)
}

function selected(entries: readonly Entry[], selector: Selector): readonly Entry[] {
  return entries.filter((entry) => isSelected(entry, selector))
}

function withoutSelected(entries: readonly Entry[], selector: Selector | undefined): readonly Entry[] {
  return entries.filter((entry) => !isSelected(entry, selector))
}

/** Whether a value of that variable is one that the profile asks for. */
export function isTargeted(profile: TargetProfile, variable: VariableWord | undefined, entry: Entry): boolean {
  if (!profile.targets.some(({ word, selector }) => word === variable && isSelected(entry, selector))) return false
  return !profile.exclusions.some(
    ({ word, selector }) => (word === variable || word === variable?.base) && isSelected(entry, selector),
  )
}

/** Index of the target that a value of the profile belongs to. */
export function targetOf({ targets }: TargetProfile, entry: Entry): number {
  for (let i = 0; i < targets.length; i++) {
    const { word, selector } = targets[i] as Target // below its length
    if (word.name === entry.collection && isSelected(entry, selector)) return i
  }
  return targets.length
}

/** Of these values, those that no `ctl` of this transaction takes away from the rule. */
export function withoutRemoved(state: TransactionState, rule: Rule, entries: readonly Entry[]): readonly Entry[] {
  return hasRemoved(state, rule) ? leaveOutRemoved(state, rule, entries) : entries
}

function leaveOutRemoved({ removedTargets }: TransactionState, { index }: Rule, entries: readonly Entry[]): Entry[] {
  const removed = removedTargets.filter(({ rules }) => rules[index] === 1)
  return entries.filter((entry) => {
    return !removed.some(({ word, selector }) => word.name === entry.collection && isSelected(entry, selector))
  })
}

function isSelected(entry: Entry, selector: Selector | undefined): boolean {
  if (selector === undefined) return true
  if (selector.kind === 'name') return entry.lowerKey === selector.lowerName
  return selector.pattern.test(entry.key ?? '')
}

/** `&X` has one value, always: how many there are. It bears the name of what is counted. */
export function countOf({ word, selector }: Target, count: number): Entry {
  return new Entry(word.name, selector?.kind === 'name' ? selector.name : undefined, new Cell(String(count)))
}
