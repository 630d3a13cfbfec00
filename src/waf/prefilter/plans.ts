import type { TargetProfile } from '../compiler/program.ts'
import { chainOf, type TransformNode } from '../entry.ts'
import { alphabetOf, alphabets } from './byte-kinds.ts'
import type { Requirement } from './requirement.ts'
import { chainEffect, growth } from './transformation-effects.ts'

/** The first rule of a chain, seen as a question to values: which of them can it match at all? */
export interface ScreenedLink {
  readonly profile: TargetProfile
  /** Not every value of its variables is among its targets. */
  readonly isSelective: boolean
  /** Of the link in its program. */
  readonly number: number
  /** Of its rule in the phase's list. */
  readonly position: number
  /**
   * `rule`: values that may match decide whether the rule is evaluated at all. Those of a chain's later links, and of `!@rx`,
   * which matches what cannot match, only save the operator some work.
   */
  readonly decides: 'rule' | 'nothing'
  /** By alphabet. */
  readonly requirements: readonly Requirement[]
}

/** Links that look at values through the same chain of transformations; `undefined`: at the values as they are. */
export interface ChainGroup {
  readonly node: TransformNode | undefined
  readonly links: readonly ScreenedLink[]
}

/** What is left to ask a value with certain kinds of bytes. */
export interface Plan {
  readonly alphabet: number
  /** Only their operators can tell; for chains that leave the value as it is. */
  readonly run: readonly ScreenedLink[]
  /** By group: kinds of bytes behind its chain, where that leaves the value as it is but for case; else 0. */
  readonly sameMasks: Int32Array
  /** To be asked of what their chains make of the value. */
  readonly changed: readonly { readonly group: ChangedGroup; readonly minLength: number }[]
}

/** Masks are made of requests; beyond this many the memory of plans begins anew. */
const MOST_PLANS = 2048
const MOST_HITS = 4096
const FEW_LINKS = 4

/** The links that have a literal, by alphabet and number of the hit. */
export type LinksOfHit = readonly (readonly (readonly ScreenedLink[])[])[]

/** All questions to the values of one variable, or of one of its members. Plans depend on kinds of bytes alone. */
export class Slot {
  readonly #groups: readonly ChainGroup[]
  readonly #changed: readonly ChangedGroup[]
  readonly #linksOfHit: LinksOfHit
  readonly #plans = new Map<number, Plan>()
  /** By number of the link: the groups that it is in; several with multiMatch. */
  readonly #groupsOf = new Map<number, number[]>()
  /** Of the links that have a literal, those of this slot. */
  readonly #askedByHit = new Map<number, readonly AskedLink[]>()

  constructor(groups: readonly ChainGroup[], linksOfHit: LinksOfHit) {
    this.#groups = groups
    this.#linksOfHit = linksOfHit
    this.#changed = groups.map((group, index) => new ChangedGroup(group, index))
    for (const [index, { links }] of groups.entries()) {
      for (const { number } of links) this.#groupsOf.set(number, [...(this.#groupsOf.get(number) ?? []), index])
    }
  }

  plan(mask: number): Plan {
    return this.#plans.get(mask) ?? remember(this.#plans, mask, this.#make(mask))
  }

  /** The links of this slot that look for a literal which ends in a hit, with the groups that they are in. */
  asked(hit: number, alphabet: number): readonly AskedLink[] {
    const key = hit * alphabets.length + alphabet
    const known = this.#askedByHit.get(key)
    if (known !== undefined) return known
    const found = (this.#linksOfHit[alphabet]?.[hit] ?? []).flatMap((link) => {
      const groups = this.#groupsOf.get(link.number)
      return groups === undefined ? [] : [{ link, groups }]
    })
    if (this.#askedByHit.size >= MOST_HITS) this.#askedByHit.clear()
    this.#askedByHit.set(key, found)
    return found
  }

  #make(mask: number): Plan {
    const run: ScreenedLink[] = []
    const sameMasks = new Int32Array(this.#groups.length)
    const changed: { group: ChangedGroup; minLength: number }[] = []
    for (const [index, { node, links }] of this.#groups.entries()) {
      const effect = chainEffect(node, mask)
      const possible = links.filter((link) => isPossible(link, effect.mask))
      const group = this.#changed[index]
      if (possible.length === 0 || group === undefined) continue
      if (effect.isSame) {
        sameMasks[index] = effect.mask
        run.push(...possible.filter((link) => isRun(link, effect.mask)))
      } else changed.push({ group, minLength: shortest(possible, effect.mask) })
    }
    return { alphabet: alphabetOf(mask), run, sameMasks, changed }
  }
}

/** A link of a slot, and the indexes of the chains through which it looks. */
export interface AskedLink {
  readonly link: ScreenedLink
  readonly groups: readonly number[]
}

/** Whether a literal that was found is worth running the operator for, with these kinds of bytes behind the chains. */
export function isAsked({ link, groups }: AskedLink, masks: Int32Array): boolean {
  for (const index of groups) {
    const mask = masks[index] ?? 0
    if (mask !== 0 && isPossible(link, mask)) return true
  }
  return false
}

/** The questions of one chain of transformations to what it made of a value. */
export class ChangedGroup {
  /** Among the groups of its slot. */
  readonly index: number
  readonly links: readonly ScreenedLink[]
  /** First to last. */
  readonly steps: readonly TransformNode[]
  /** By step, and once more for the end: the result is at most this many times as long as what the step is given. */
  readonly growths: readonly number[]
  readonly #runs = new Map<number, readonly ScreenedLink[]>()

  constructor({ node, links }: ChainGroup, index: number) {
    this.index = index
    this.links = links
    this.steps = chainOf(node)
    this.growths = this.steps.map((_, i) => growth(this.steps.slice(i)))
  }

  /** The links that only their operators can tell about; of few links, all: looking at each costs less than remembering. */
  run(mask: number): readonly ScreenedLink[] {
    if (this.links.length <= FEW_LINKS) return this.links
    return this.#runs.get(mask) ?? remember(this.#runs, mask, this.#findRun(mask))
  }

  #findRun(mask: number): readonly ScreenedLink[] {
    const run = this.links.filter((link) => isRun(link, mask) && isPossible(link, mask))
    return run.length === 0 ? NO_LINKS : run
  }
}

const NO_LINKS: readonly ScreenedLink[] = Object.freeze([])

/** Whether only the operator can tell if a string with these kinds of bytes and of that length matches. */
export function isToRun(link: ScreenedLink, mask: number, length: number): boolean {
  const requirement = link.requirements[alphabetOf(mask)]
  return requirement?.kind === 'run' && length >= requirement.minLength && isPossible(link, mask)
}

function isRun({ requirements }: ScreenedLink, mask: number): boolean {
  return requirements[alphabetOf(mask)]?.kind === 'run'
}

/** Whether a string with these kinds of bytes, and no others, could match. */
function isPossible({ requirements }: ScreenedLink, mask: number): boolean {
  const requirement = requirements[alphabetOf(mask)]
  if (requirement === undefined || requirement.kind === 'never') return false
  for (const need of requirement.needs) if ((need & mask) === 0) return false
  return true
}

function shortest(links: readonly ScreenedLink[], mask: number): number {
  const alphabet = alphabetOf(mask)
  return Math.min(...links.map(({ requirements }) => requirements[alphabet]?.minLength ?? 0))
}

function remember<T>(memory: Map<number, T>, mask: number, made: T): T {
  if (memory.size >= MOST_PLANS) memory.clear()
  memory.set(mask, made)
  return made
}
