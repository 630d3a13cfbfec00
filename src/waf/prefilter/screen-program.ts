import type { Condition, Selector, TargetProfile } from '../compiler/program.ts'
import type { Entry, TransformNode } from '../entry.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { VariableWord } from '../variables/variable.ts'
import { tx } from '../variables/writable.ts'
import type { FoundLinks } from './found-links.ts'
import { MainPath } from './main-path.ts'
import { type LinksOfHit, type ScreenedLink, Slot } from './plans.ts'
import { positionSet } from './position-set.ts'
import type { RuleScanner } from './rule-scanner.ts'

/** What is worked out at load so that most rules need not be asked about most values. */
export interface ScreenProgram {
  readonly scanner: RuleScanner
  /** What the value that is screened may match: one list for all, since most may match nothing. */
  readonly found: FoundLinks
  /** By number of the link: its index among the screened links of its phase; -1: its values are not screened. */
  readonly indexOf: Int32Array
  /** By phase, 1 to 5; index 0 is empty. */
  readonly phases: readonly PhaseScreen[]
}

/** A rule whose first link can be screened, and where its values come from. */
export interface ScreenedRule {
  readonly link: ScreenedLink
  readonly condition: Condition
  /** Chains whose results the operator looks at; several with multiMatch. */
  readonly nodes: readonly (TransformNode | undefined)[]
}

/** A rule that only decides whether others are skipped, by a variable of TX: those of paranoia levels. */
export interface Gate {
  readonly position: number
  /** Where evaluation goes on when it matches. */
  readonly target: number
  /** Index of its condition. */
  readonly condition: number
  /** Of the rule, in sets of rules. */
  readonly ruleIndex: number
  /** Whether a `ctl` of this transaction has taken the rule, or what it looks at, away. */
  isDisabled(state: TransactionState): boolean
  /** What a match leaves behind: MATCHED_VAR. */
  noteMatch(state: TransactionState): void
}

export type GateCondition = (state: TransactionState) => boolean

/** What there is to ask in a phase whose gates do what was foreseen. */
export interface Variant {
  /** Of the rules that can be reached. */
  readonly slots: readonly VariableSlots[]
  /** `undefined`: nothing was foreseen. */
  readonly mainPath: MainPath | undefined
}

/** The questions to the values of one variable. */
export interface VariableSlots {
  readonly word: VariableWord
  /** To members that no rule names. */
  readonly all: Slot | undefined
  /** To those that some rule asks for, or leaves out, by its lower-case name: all questions to that member. */
  readonly named: ReadonlyMap<string, Slot | undefined>
  /** Lengths of those names, as bits; the last stands for all longer ones. */
  readonly lengths: number
}

/** More combinations of outcomes are not prepared for; 30 is what fits into a number. */
const MOST_VARIANTS = 32
const MOST_CONDITIONS = 30

/** The rules of one phase, sorted into those that are always evaluated and those that values are screened for. */
export class PhaseScreen {
  /** Of rules. */
  readonly count: number
  readonly linkCount: number
  /** Positions of gates, and of rules that are evaluated whatever the values are. */
  readonly stops: readonly number[]
  readonly conditions: readonly GateCondition[]
  /** By position; `undefined` where the rule is no gate. */
  readonly gates: readonly (Gate | undefined)[]
  /** By position: 1 where a link of the rule is screened. */
  readonly hasScreened: Uint8Array
  /** Rules before this position are few, and evaluated in full: they set the variables of the gates. */
  readonly firstScreened: number
  readonly #rules: readonly ScreenedRule[]
  readonly #targets: Int32Array
  readonly #linksOfHit: LinksOfHit
  readonly #alwaysVisited: readonly boolean[]
  /** Indexes of the rules that are gates. */
  readonly #gateRules: readonly number[]
  readonly #variants = new Map<number, Variant>()

  constructor(options: {
    readonly rules: readonly ScreenedRule[]
    /** By position: whether the rule is evaluated whatever the values are. */
    readonly alwaysVisited: readonly boolean[]
    readonly gates: readonly (Gate | undefined)[]
    readonly conditions: readonly GateCondition[]
    /** By position: where evaluation goes on after a match. */
    readonly targets: Int32Array
    readonly linksOfHit: LinksOfHit
  }) {
    this.#rules = options.rules
    this.#alwaysVisited = options.alwaysVisited
    this.count = options.alwaysVisited.length
    this.linkCount = options.rules.length
    this.stops = positionSet(options.alwaysVisited) // gates are among them
    this.gates = options.gates.map((gate) => (gate && gate.condition < MOST_CONDITIONS ? gate : undefined))
    this.#gateRules = this.gates.flatMap((gate) => (gate === undefined ? [] : [gate.ruleIndex]))
    this.conditions = options.conditions.slice(0, MOST_CONDITIONS)
    this.#targets = options.targets
    this.#linksOfHit = options.linksOfHit
    this.hasScreened = new Uint8Array(this.count)
    for (const { link } of options.rules) this.hasScreened[link.position] = 1
    this.firstScreened = firstScreened(this.gates, options.rules)
  }

  /** Outcomes of the gates' conditions as bits. */
  outcomes(state: TransactionState): number {
    let outcomes = 0
    for (let i = 0; i < this.conditions.length; i++) if (this.conditions[i]?.(state) === true) outcomes |= 1 << i
    return outcomes
  }

  /** Whether a `ctl` of this transaction has taken gates, or what they look at, away. */
  isDisturbed({ removedRules, removedTargets }: TransactionState): boolean {
    if (removedTargets.some(({ word }) => word.name === tx.name)) return true
    return removedRules !== undefined && this.#gateRules.some((index) => removedRules[index] === 1)
  }

  /** What is to be asked while every gate does what these outcomes say, or anything. */
  variant(outcomes: number | 'anything'): Variant {
    const key = outcomes === 'anything' ? -1 : outcomes
    const known = this.#variants.get(key)
    if (known !== undefined) return known
    if (this.#variants.size >= MOST_VARIANTS && key !== -1) return this.variant('anything')
    const isReached = this.#reach(outcomes)
    const rules = this.#rules.filter(({ link }) => isReached[link.position] === 1)
    const slots = makeSlots(rules, this.#linksOfHit)
    const variant = { slots, mainPath: outcomes === 'anything' ? undefined : this.#mainPath(outcomes) }
    this.#variants.set(key, variant)
    return variant
  }

  #mainPath(outcomes: number): MainPath {
    const jumps = Int32Array.from(this.gates, (gate) => {
      return gate !== undefined && isMet(outcomes, gate.condition) ? gate.target : -1
    })
    return new MainPath(jumps, (position) => {
      return this.gates[position] === undefined && this.#alwaysVisited[position] === true
    })
  }

  #reach(outcomes: number | 'anything'): Uint8Array {
    const isReached = new Uint8Array(this.#targets.length + 1)
    isReached[0] = 1
    for (const [position, target] of this.#targets.entries()) {
      if (isReached[position] !== 1) continue
      const gate = this.gates[position]
      const isKnown = gate !== undefined && outcomes !== 'anything'
      const jumps = isKnown && isMet(outcomes, gate.condition)
      if (!isKnown || jumps) isReached[target] = 1
      if (!jumps) isReached[position + 1] = 1
    }
    return isReached
  }
}

/** A phase begins with rules that set variables; screening before that would be done twice. */
const MOST_UNSCREENED = 16

function firstScreened(gates: readonly (Gate | undefined)[], rules: readonly ScreenedRule[]): number {
  const first = gates.findIndex((gate) => gate !== undefined)
  const before = rules.filter(({ link }) => link.position < first)
  return before.length > MOST_UNSCREENED ? 0 : Math.max(first, 0)
}

/** Whether the condition of that number is among those that are met. */
export function isMet(outcomes: number, condition: number): boolean {
  return ((outcomes >> condition) & 1) === 1
}

function makeSlots(rules: readonly ScreenedRule[], linksOfHit: LinksOfHit): readonly VariableSlots[] {
  const words = new Set(rules.flatMap(({ condition }) => condition.profile.targets.map(({ word }) => word)))
  return Array.from(words, (word) => {
    const asking = rules.filter(({ condition }) => condition.profile.targets.some((target) => target.word === word))
    const names = new Set(asking.flatMap(({ condition }) => namesOf(condition.profile, word)))
    const slotAbout = (name: string | undefined) => {
      const about = asking.filter((rule) => isAbout(rule, word, name))
      return about.length === 0 ? undefined : makeSlot(about, linksOfHit)
    }
    const named = new Map(Array.from(names, (name) => [name, slotAbout(name)]))
    const lengths = Array.from(names, lengthBit).reduce((bits, bit) => bits | bit, 0)
    return { word, all: slotAbout(undefined), named, lengths }
  })
}

/** The questions to one value of the variable. Of most names the length says that no rule asks for them. */
export function slotOf({ all, named, lengths }: VariableSlots, entry: Entry): Slot | undefined {
  if (lengths === 0 || (lengths & lengthBit(entry.key ?? '')) === 0) return all
  return named.has(entry.lowerKey) ? named.get(entry.lowerKey) : all
}

function lengthBit({ length }: string): number {
  return 1 << Math.min(length, 31)
}

/** Members of the variable that the profile asks for, or leaves out, by name. */
function namesOf({ targets, exclusions }: TargetProfile, word: VariableWord): string[] {
  return [...targets, ...exclusions].flatMap((part) => {
    return part.word === word && part.selector?.kind === 'name' ? [part.selector.lowerName] : []
  })
}

/** Whether the rule looks at that member; `undefined`: at one that no rule names. */
function isAbout({ condition }: ScreenedRule, word: VariableWord, name: string | undefined): boolean {
  const { targets, exclusions } = condition.profile
  const isNamed = ({ selector }: { selector: Selector | undefined }): boolean => {
    return selector?.kind === 'name' && selector.lowerName === name
  }
  if (exclusions.some((exclusion) => exclusion.word === word && isNamed(exclusion))) return false
  return targets.some((target) => target.word === word && (target.selector?.kind !== 'name' || isNamed(target)))
}

function makeSlot(rules: readonly ScreenedRule[], linksOfHit: LinksOfHit): Slot {
  const groups = new Map<TransformNode | undefined, ScreenedLink[]>()
  for (const { link, nodes } of new Set(rules)) {
    for (const node of nodes) groups.set(node, [...(groups.get(node) ?? []), link])
  }
  return new Slot(
    Array.from(groups, ([node, links]) => ({ node, links })),
    linksOfHit,
  )
}
