import { dirname } from 'node:path'
import type { Condition, DirectTarget, Link, Rule, TargetProfile } from '../compiler/program.ts'
import type { TransformNode } from '../entry.ts'
import { withoutRemoved } from '../evaluate-targets.ts'
import type { CompiledOperator } from '../operators/operator.ts'
import { tx } from '../variables/writable.ts'
import { ALL_KINDS, alphabets } from './byte-kinds.ts'
import { FoundLinks } from './found-links.ts'
import { LiteralScanner } from './literal-scanner.ts'
import type { PatternTree } from './pattern-tree.ts'
import { type LinksOfHit, NO_LINKS, type ScreenedLink } from './plans.ts'
import { Analysis, type Requirement, requirementOf } from './requirement.ts'
import { RuleScanner } from './rule-scanner.ts'
import { type Gate, type GateCondition, PhaseScreen, type ScreenedRule, type ScreenProgram } from './screen-program.ts'

/** Sorts the rules of all phases and builds one automaton for the literals that they require. */
export function buildScreen(phases: readonly (readonly Rule[])[], linkCount: number): ScreenProgram {
  const screened = phases.map((rules, phase) => screenRules(rules, phase))
  const links = screened.flatMap((rules) => rules.map(({ link }) => link))
  const literals = links.flatMap(({ requirements: each }) => each.flatMap((requirement) => requirement.literals))
  const scanner = new LiteralScanner(literals)
  const indexOf = new Int32Array(linkCount).fill(-1)
  for (const { number, index } of links) indexOf[number] = index
  const linksOfHit = alphabets.map((_, alphabet) => linksByHit(scanner, links, alphabet))
  return {
    scanner: new RuleScanner(scanner, linksOfHit),
    found: new FoundLinks(),
    indexOf,
    phases: phases.map((rules, phase) => screenPhase(rules, screened[phase] ?? [], linksOfHit)),
  }
}

/** By alphabet; the widest is asked first where it says the same. */
function requirementsOf(tree: PatternTree): readonly Requirement[] {
  const whole = new Analysis(ALL_KINDS)
  return alphabets.map((alphabet) => {
    return requirementOf(tree, alphabet === ALL_KINDS ? whole : new Analysis(alphabet, whole))
  })
}

function screenRules(rules: readonly Rule[], phase: number): ScreenedRule[] {
  const screened: ScreenedRule[] = []
  for (const [position, { head }] of rules.entries()) {
    for (const link of linksOf(head)) {
      const { condition } = link
      const tree = condition && screenableTree(condition, phase)
      if (condition === undefined || tree === undefined) continue
      const { profile, operator } = condition
      const decides = link === head && !operator.negated ? 'rule' : 'nothing'
      const place = { number: link.number, index: screened.length, position } as const
      const requirements = requirementsOf(tree)
      screened.push({
        link: { ...place, decides, profile, isSelective: isSelective(profile), requirements },
        condition,
        nodes: nodesOf(link),
      })
    }
  }
  return screened
}

/** Names are sorted out once for all, when the questions to a variable are put together; patterns are not. */
function isSelective({ targets, exclusions }: TargetProfile): boolean {
  if (targets.some(({ selector }) => selector?.kind === 'regex')) return true
  return exclusions.some(({ word, selector }) => selector?.kind !== 'name' || !targets.some((t) => t.word === word))
}

function linksOf(head: Link): Link[] {
  return head.next === undefined ? [head] : [head, ...linksOf(head.next)]
}

/**
 * Values can be screened at the beginning of the phase when they are all there by then, and when the operator's answer
 * depends on the value alone.
 */
function screenableTree({ profile, operator }: Condition, phase: number): PatternTree | undefined {
  const { targets, settled, volatile } = profile
  const compiled = operator.resolve
  if (typeof compiled === 'function' || volatile.length > 0 || settled > phase) return undefined
  if (targets.some(({ mode }) => mode === 'count') || hasOverlap(profile.targets)) return undefined
  return compiled.requires?.()
}

/** A value that two targets pick is looked at twice. */
function hasOverlap(targets: Condition['profile']['targets']): boolean {
  return targets.some(({ word, selector }, i) => {
    const earlier = targets.slice(0, i).filter((other) => other.word === word)
    return earlier.some(({ selector: other }) => {
      if (selector?.kind !== 'name' || other?.kind !== 'name') return true
      return selector.lowerName === other.lowerName
    })
  })
}

function nodesOf({ transformation, steps }: Link): readonly (TransformNode | undefined)[] {
  return steps === undefined ? [transformation] : [undefined, ...steps]
}

function linksByHit(scanner: LiteralScanner, links: readonly ScreenedLink[], alphabet: number) {
  const byLiteral = new Map<string, ScreenedLink[]>()
  for (const link of links) {
    for (const literal of link.requirements[alphabet]?.literals ?? []) {
      const list = byLiteral.get(literal)
      if (list === undefined) byLiteral.set(literal, [link])
      else list.push(link)
    }
  }
  return scanner.literals.map((literal) => byLiteral.get(literal) ?? NO_LINKS)
}

function screenPhase(rules: readonly Rule[], screened: readonly ScreenedRule[], linksOfHit: LinksOfHit): PhaseScreen {
  const isDecided = new Set(screened.flatMap(({ link }) => (link.decides === 'rule' ? [link.position] : [])))
  const conditions = new ConditionTable()
  return new PhaseScreen({
    rules: screened,
    alwaysVisited: rules.map((_, position) => !isDecided.has(position)),
    gates: rules.map((rule, position) => gateOf(rule, position, conditions)),
    conditions: conditions.all,
    targets: Int32Array.from(rules, ({ nextPosition }) => nextPosition),
    linksOfHit,
  })
}

/** `SecRule TX:DETECTION_PARANOIA_LEVEL "@lt 2" "…,nolog,skipAfter:…"`: one variable, one constant, nothing but the jump. */
function gateOf(rule: Rule, position: number, conditions: ConditionTable): Gate | undefined {
  const { head, nextPosition } = rule
  if (nextPosition === position + 1 || !isJumpAlone(rule) || head.condition === undefined) return undefined
  const { profile, operator } = head.condition
  if (profile.direct === undefined) return undefined
  const { target, read } = profile.direct
  const { word, selector, mode } = target
  if (word !== tx || selector?.kind !== 'name' || mode !== 'include') return undefined
  if (operator.negated || typeof operator.resolve === 'function') return undefined
  // A file's name in the argument counts from the folder of the rules.
  const key = JSON.stringify([selector.lowerName, operator.label, operator.argument, dirname(head.location.file)])
  return {
    position,
    target: nextPosition,
    ruleIndex: rule.index,
    condition: conditions.intern(key, meets(read, operator.resolve)),
    isDisabled: (state) =>
      state.removedRules?.[rule.index] === 1 || withoutRemoved(state, rule, read(state)).length === 0,
    noteMatch(state) {
      const found = read(state)
      state.matchedVariables = [...found]
      state.matchedVariable = found[0]
    },
  }
}

function isJumpAlone({ head, log, auditLog, disruptive, severity }: Rule): boolean {
  if (log || auditLog || disruptive.kind !== 'pass' || severity !== undefined || head.next !== undefined) return false
  if (head.transformation !== undefined || head.steps !== undefined || head.capture) return false
  return head.onMatch.length === 0 && head.afterMatch.length === 0
}

function meets(read: DirectTarget['read'], operator: CompiledOperator): GateCondition {
  return (state) => {
    const [entry] = read(state)
    return entry !== undefined && operator.test(entry.cell.raw)
  }
}

class ConditionTable {
  readonly all: GateCondition[] = []
  readonly #numbers = new Map<string, number>()

  intern(key: string, condition: GateCondition): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const number = this.all.push(condition) - 1
    this.#numbers.set(key, number)
    return number
  }
}
