import type { TargetProfile } from '../compiler/program.ts'
import { chainOf, type TransformNode } from '../entry.ts'
import { alphabetOf, alphabets } from './byte-kinds.ts'
import { type Change, ChangeTree } from './change-tree.ts'
import type { FoundLinks } from './found-links.ts'
import type { Scan } from './literal-scanner.ts'
import type { Requirement } from './requirement.ts'
import { chainEffect } from './transformation-effects.ts'

/** The first rule of a chain, seen as a question to values: which of them can it match at all? */
export interface ScreenedLink {
  readonly profile: TargetProfile
  /** Which values of its variables are among its targets is for a pattern to say. */
  readonly isSelective: boolean
  /** Of the link in its program. */
  readonly number: number
  /** Among the screened links of its phase. */
  readonly index: number
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

/** The links that have a literal, by alphabet and number of the hit. */
export type LinksOfHit = readonly (readonly (readonly ScreenedLink[])[])[]

/** Masks and hits are made of requests; a slot that remembers more than this begins anew. */
const MOST_REMEMBERED = 4096
const FEW_LINKS = 4
/** Not frozen: V8 is slower where arrays of several kinds meet. */
export const NO_LINKS: readonly ScreenedLink[] = []

/** All questions to the values of one variable, or of one of its members. Plans depend on kinds of bytes alone. */
export class Slot {
  readonly #groups: readonly ChainGroup[]
  readonly #changed: readonly ChangedGroup[]
  readonly #linksOfHit: LinksOfHit
  readonly #plans = new Map<number, Plan>()
  #remembered = 0

  constructor(groups: readonly ChainGroup[], linksOfHit: LinksOfHit) {
    this.#groups = groups
    this.#linksOfHit = linksOfHit
    this.#changed = groups.map((group) => new ChangedGroup(group, linksOfHit))
  }

  plan(mask: number): Plan {
    return this.#plans.get(mask) ?? this.#remember(mask)
  }

  #remember(mask: number): Plan {
    this.#note()
    const plan = this.#make(mask)
    this.#plans.set(mask, plan)
    return plan
  }

  #make(mask: number): Plan {
    const same: Part[] = []
    const changes = new ChangeTree()
    for (const [index, { node, links }] of this.#groups.entries()) {
      const effect = chainEffect(node, mask)
      const possible = links.filter((link) => isPossible(link, effect.mask))
      const group = this.#changed[index]
      if (possible.length === 0 || group === undefined) continue
      if (effect.isSame) same.push({ links: possible, mask: effect.mask })
      else changes.add(group, { mask, minLength: shortest(possible, effect.mask) })
    }
    const { roots } = changes
    return new Plan({ same, changes: roots, mask, linksOfHit: this.#linksOfHit, note: () => this.#note() })
  }

  #note(): void {
    if (this.#remembered >= MOST_REMEMBERED) {
      this.#plans.clear()
      this.#remembered = 0
    }
    this.#remembered++
  }
}

/** Links that a string may match which has these kinds of bytes. */
interface Part {
  readonly links: readonly ScreenedLink[]
  readonly mask: number
}

/** A link that only its operator can tell about, and from which length on. */
interface Run {
  readonly link: ScreenedLink
  readonly minLength: number
}

/** What is left to ask a value with certain kinds of bytes. */
export class Plan {
  /** What else is to be asked, of what chains make of the value. */
  readonly changes: readonly Change[]
  readonly #run: readonly Run[]
  readonly #same: readonly Part[]
  readonly #alphabet: number
  readonly #linksOfHit: LinksOfHit
  readonly #asked = new Map<number, readonly ScreenedLink[]>()
  readonly #note: () => void

  constructor(options: {
    /** Through chains that leave the value as it is, but for case. */
    readonly same: readonly Part[]
    readonly changes: readonly Change[]
    readonly mask: number
    readonly linksOfHit: LinksOfHit
    /** Called for every hit that is remembered. */
    readonly note: () => void
  }) {
    this.changes = options.changes
    this.#same = options.same
    this.#alphabet = alphabetOf(options.mask)
    this.#linksOfHit = options.linksOfHit
    this.#note = options.note
    this.#run = options.same.flatMap(({ links, mask }) => {
      return links.filter((link) => hasToRun(needOf(link, this.#alphabet), mask)).map((link) => this.#runOf(link))
    })
  }

  /** Adds the links that may match the value as it is; one may be added twice. */
  collect({ length, hits }: Scan, found: FoundLinks): void {
    const run = this.#run
    for (let i = 0; i < run.length; i++) {
      const { link, minLength } = run[i] as Run // below its length
      if (length >= minLength) found.add(link)
    }
    for (let i = 0; i < hits.length; i++) {
      const hit = hits[i] as number
      found.addAll(this.#asked.get(hit) ?? this.#remember(hit))
    }
  }

  #runOf(link: ScreenedLink): Run {
    return { link, minLength: needOf(link, this.#alphabet)?.minLength ?? 0 }
  }

  #remember(hit: number): readonly ScreenedLink[] {
    this.#note()
    const looking = linksOf(this.#linksOfHit, hit, this.#alphabet)
    const asked = looking.filter((link) => this.#same.some(({ links }) => links.includes(link)))
    this.#asked.set(hit, asked.length === 0 ? NO_LINKS : asked)
    return asked
  }
}

/** The questions of one chain of transformations to what it made of a value. */
export class ChangedGroup {
  readonly links: readonly ScreenedLink[]
  /** First to last. */
  readonly steps: readonly TransformNode[]
  readonly #linksOfHit: LinksOfHit
  readonly #runs = new Map<number, readonly ScreenedLink[]>()
  /** By hit and alphabet; no more than there are literals. */
  readonly #asked = new Map<number, readonly ScreenedLink[]>()

  constructor({ node, links }: ChainGroup, linksOfHit: LinksOfHit) {
    this.links = links
    this.steps = chainOf(node)
    this.#linksOfHit = linksOfHit
  }

  /** Adds the links that may match what the chain made of a value; one may be added twice. */
  collect({ mask, length, hits }: Scan, found: FoundLinks): void {
    const alphabet = alphabetOf(mask)
    const run = this.#run(mask)
    for (let i = 0; i < run.length; i++) {
      const link = run[i] as ScreenedLink // below its length
      const requirement = needOf(link, alphabet)
      if (requirement === undefined || !hasToRun(requirement, mask)) continue
      if (length >= requirement.minLength && meets(requirement, mask)) found.add(link)
    }
    for (let i = 0; i < hits.length; i++) {
      const hit = hits[i] as number
      const asked = this.#asked.get(hit * alphabets.length + alphabet) ?? this.#remember(hit, alphabet)
      for (let j = 0; j < asked.length; j++) {
        const link = asked[j] as ScreenedLink
        if (isPossible(link, mask)) found.add(link)
      }
    }
  }

  /** Whether some link may match a string with these kinds of bytes. */
  mayMatch(mask: number): boolean {
    for (let i = 0; i < this.links.length; i++) {
      if (isPossible(this.links[i] as ScreenedLink, mask)) return true // below its length
    }
    return false
  }

  /** The links that only their operators can tell about; of few links, all: looking at each costs less than remembering. */
  #run(mask: number): readonly ScreenedLink[] {
    if (this.links.length <= FEW_LINKS) return this.links
    return this.#runs.get(mask) ?? this.#findRun(mask)
  }

  #findRun(mask: number): readonly ScreenedLink[] {
    if (this.#runs.size >= MOST_REMEMBERED) this.#runs.clear()
    const alphabet = alphabetOf(mask)
    const run = this.links.filter((link) => hasToRun(needOf(link, alphabet), mask) && isPossible(link, mask))
    this.#runs.set(mask, run.length === 0 ? NO_LINKS : run)
    return run
  }

  #remember(hit: number, alphabet: number): readonly ScreenedLink[] {
    const asked = linksOf(this.#linksOfHit, hit, alphabet).filter((link) => this.links.includes(link))
    this.#asked.set(hit * alphabets.length + alphabet, asked.length === 0 ? NO_LINKS : asked)
    return asked
  }
}

function linksOf(linksOfHit: LinksOfHit, hit: number, alphabet: number): readonly ScreenedLink[] {
  return linksOfHit[alphabet]?.[hit] ?? NO_LINKS
}

function needOf({ requirements }: ScreenedLink, alphabet: number): Requirement | undefined {
  return requirements[alphabet]
}

/** Whether no literal can rule out a string with these kinds of bytes. */
function hasToRun(requirement: Requirement | undefined, mask: number): boolean {
  return requirement !== undefined && (requirement.kind === 'run' || (requirement.bytes & mask) !== 0)
}

/** Whether a string with these kinds of bytes, and no others, could match. */
function isPossible(link: ScreenedLink, mask: number): boolean {
  const requirement = needOf(link, alphabetOf(mask))
  return requirement !== undefined && requirement.kind !== 'never' && meets(requirement, mask)
}

function meets({ needs }: Requirement, mask: number): boolean {
  for (let i = 0; i < needs.length; i++) if (((needs[i] ?? 0) & mask) === 0) return false
  return true
}

function shortest(links: readonly ScreenedLink[], mask: number): number {
  const alphabet = alphabetOf(mask)
  return Math.min(...links.map((link) => needOf(link, alphabet)?.minLength ?? 0))
}
