import type { Condition } from '../compiler/program.ts'
import type { TransformNode } from '../entry.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { VariableWord } from '../variables/variable.ts'
import type { LiteralScanner } from './literal-scanner.ts'
import { type LinksOfHit, type ScreenedLink, Slot } from './plans.ts'

/** What is worked out at load so that most rules need not be asked about most values. */
export interface ScreenProgram {
  readonly scanner: LiteralScanner
  /** By number of the link: 1 where its values are screened. */
  readonly isScreened: Uint8Array
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
  /** Whether a `ctl` of this transaction has taken the rule, or what it looks at, away. */
  isDisabled(state: TransactionState): boolean
  /** What a match leaves behind: MATCHED_VAR. */
  noteMatch(state: TransactionState): void
}

export type GateCondition = (state: TransactionState) => boolean

/** The questions to the values of one variable. */
export interface VariableSlots {
  readonly word: VariableWord
  /** From rules that look at all members, or pick them by pattern. */
  readonly all: Slot | undefined
  /** From rules that pick a member by its lower-case name. */
  readonly named: ReadonlyMap<string, Slot>
}

/** More combinations of outcomes are not prepared for; 30 is what fits into a number. */
const MOST_VARIANTS = 32
const MOST_CONDITIONS = 30

/** The rules of one phase, sorted into those that are always evaluated and those that values are screened for. */
export class PhaseScreen {
  /** By position: 1 where the rule is evaluated whatever the values are. */
  readonly alwaysVisited: Uint8Array
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
  readonly #variants = new Map<number, readonly VariableSlots[]>()

  constructor(options: {
    readonly rules: readonly ScreenedRule[]
    readonly alwaysVisited: Uint8Array
    readonly gates: readonly (Gate | undefined)[]
    readonly conditions: readonly GateCondition[]
    /** By position: where evaluation goes on after a match. */
    readonly targets: Int32Array
    readonly linksOfHit: LinksOfHit
  }) {
    this.#rules = options.rules
    this.alwaysVisited = options.alwaysVisited
    this.gates = options.gates.map((gate) => (gate && gate.condition < MOST_CONDITIONS ? gate : undefined))
    this.conditions = options.conditions.slice(0, MOST_CONDITIONS)
    this.#targets = options.targets
    this.#linksOfHit = options.linksOfHit
    this.hasScreened = new Uint8Array(options.alwaysVisited.length)
    for (const { link } of options.rules) this.hasScreened[link.position] = 1
    this.firstScreened = firstScreened(this.gates, options.rules)
  }

  /** Outcomes of the gates' conditions as bits. */
  outcomes(state: TransactionState): number {
    let outcomes = 0
    for (const [i, isMet] of this.conditions.entries()) if (isMet(state)) outcomes |= 1 << i
    return outcomes
  }

  /** The questions of the rules that can be reached while every gate does what these outcomes say, or anything. */
  slots(outcomes: number | 'anything'): readonly VariableSlots[] {
    const key = outcomes === 'anything' ? -1 : outcomes
    const known = this.#variants.get(key)
    if (known !== undefined) return known
    if (this.#variants.size >= MOST_VARIANTS && key !== -1) return this.slots('anything')
    const isReached = this.#reach(outcomes)
    const slots = makeSlots(
      this.#rules.filter(({ link }) => isReached[link.position] === 1),
      this.#linksOfHit,
    )
    this.#variants.set(key, slots)
    return slots
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
  const drafts = new Map<VariableWord, { all: ScreenedRule[]; named: Map<string, ScreenedRule[]> }>()
  for (const rule of rules) {
    for (const { word, selector } of rule.condition.profile.targets) {
      const draft = drafts.get(word) ?? { all: [], named: new Map() }
      drafts.set(word, draft)
      const name = selector?.kind === 'name' ? selector.lowerName : undefined
      const list = name === undefined ? draft.all : (draft.named.get(name) ?? [])
      list.push(rule)
      if (name !== undefined) draft.named.set(name, list)
    }
  }
  return Array.from(drafts, ([word, { all, named }]) => ({
    word,
    all: all.length === 0 ? undefined : slotOf(all, linksOfHit),
    named: new Map(Array.from(named, ([name, list]) => [name, slotOf(list, linksOfHit)] as const)),
  }))
}

function slotOf(rules: readonly ScreenedRule[], linksOfHit: LinksOfHit): Slot {
  const groups = new Map<TransformNode | undefined, ScreenedLink[]>()
  for (const { link, nodes } of new Set(rules)) {
    for (const node of nodes) groups.set(node, [...(groups.get(node) ?? []), link])
  }
  return new Slot(
    Array.from(groups, ([node, links]) => ({ node, links })),
    linksOfHit,
  )
}
