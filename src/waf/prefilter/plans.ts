import type { TargetProfile } from '../compiler/program.ts'
import type { TransformNode } from '../entry.ts'
import { alphabetOf } from './byte-kinds.ts'
import type { Requirement } from './requirement.ts'
import { chainEffect } from './transformation-effects.ts'

/** The first rule of a chain, seen as a question to values: which of them can it match at all? */
export interface ScreenedLink {
  readonly profile: TargetProfile
  /** Not every value of its variables is among its targets. */
  readonly isSelective: boolean
  /** Of the link in its program. */
  readonly number: number
  /** In its phase's list of rules. */
  readonly position: number
  /** By alphabet. */
  readonly requirements: readonly Requirement[]
}

/** Links that look at values through the same chain of transformations; `undefined`: at the values as they are. */
export interface ChainGroup {
  readonly node: TransformNode | undefined
  readonly links: readonly ScreenedLink[]
}

/** What is left to ask a string with certain kinds of bytes. */
export interface Question {
  readonly alphabet: number
  /** Only their operators can tell. */
  readonly run: readonly ScreenedLink[]
  /** By number of the link: 1 where one of its literals has to be found first. */
  readonly keyed: Uint8Array | undefined
}

/** What is left to ask a value with certain kinds of bytes. */
export interface Plan {
  /** Answered by the value itself: also for chains that do not change it. */
  readonly same: Question
  /** To be asked of what the chain makes of the value. */
  readonly changed: readonly ChangedGroup[]
}

/** Masks are made of requests; beyond this many the memory of plans begins anew. */
const MOST_PLANS = 2048

/** All questions to the values of one variable, or of one of its members. Plans depend on kinds of bytes alone. */
export class Slot {
  readonly #groups: readonly ChainGroup[]
  readonly #linkCount: number
  readonly #plans = new Map<number, Plan>()
  readonly #changed: ReadonlyMap<ChainGroup, ChangedGroup>

  constructor(groups: readonly ChainGroup[], linkCount: number) {
    this.#groups = groups
    this.#linkCount = linkCount
    this.#changed = new Map(groups.map((group) => [group, new ChangedGroup(group, linkCount)]))
  }

  plan(mask: number): Plan {
    return this.#plans.get(mask) ?? remember(this.#plans, mask, this.#make(mask))
  }

  #make(mask: number): Plan {
    const same = new QuestionDraft(mask, this.#linkCount)
    const changed: ChangedGroup[] = []
    for (const group of this.#groups) {
      const effect = chainEffect(group.node, mask)
      if (effect.isSame) same.add(group.links, effect.mask)
      else if (group.links.some((link) => isPossible(link, effect.mask))) {
        const found = this.#changed.get(group)
        if (found !== undefined) changed.push(found)
      }
    }
    return { same: same.finish(), changed }
  }
}

/** The questions of one chain of transformations to what it made of a value. */
export class ChangedGroup {
  readonly node: TransformNode | undefined
  readonly links: readonly ScreenedLink[]
  readonly #linkCount: number
  readonly #questions = new Map<number, Question>()

  constructor({ node, links }: ChainGroup, linkCount: number) {
    this.node = node
    this.links = links
    this.#linkCount = linkCount
  }

  question(mask: number): Question {
    return this.#questions.get(mask) ?? remember(this.#questions, mask, this.#make(mask))
  }

  #make(mask: number): Question {
    const draft = new QuestionDraft(mask, this.#linkCount)
    draft.add(this.links, mask)
    return draft.finish()
  }
}

class QuestionDraft {
  readonly #alphabet: number
  readonly #linkCount: number
  readonly #run: ScreenedLink[] = []
  #keyed: Uint8Array | undefined

  constructor(mask: number, linkCount: number) {
    this.#alphabet = alphabetOf(mask)
    this.#linkCount = linkCount
  }

  add(links: readonly ScreenedLink[], mask: number): void {
    for (const link of links) {
      if (!isPossible(link, mask)) continue
      if (link.requirements[this.#alphabet]?.kind === 'literals') {
        this.#keyed ??= new Uint8Array(this.#linkCount)
        this.#keyed[link.number] = 1
      } else this.#run.push(link)
    }
  }

  finish(): Question {
    return { alphabet: this.#alphabet, run: this.#run, keyed: this.#keyed }
  }
}

/** Whether a string with these kinds of bytes, and no others, could match. */
function isPossible({ requirements }: ScreenedLink, mask: number): boolean {
  const requirement = requirements[alphabetOf(mask)]
  if (requirement === undefined) return true
  return requirement.kind !== 'never' && requirement.needs.every((need) => (need & mask) !== 0)
}

function remember<T>(memory: Map<number, T>, mask: number, made: T): T {
  if (memory.size >= MOST_PLANS) memory.clear()
  memory.set(mask, made)
  return made
}
