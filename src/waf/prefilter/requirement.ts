import type { ByteSet } from '../operators/byte-set.ts'
import { lowerByte } from '../operators/lower-byte.ts'
import { kindOf, kinds, kindsOfSet, LOWER, UPPER } from './byte-kinds.ts'
import type { PatternTree } from './pattern-tree.ts'

/** What a value made of one alphabet needs so that a pattern can match it; all of it is necessary, none sufficient. */
export interface Requirement {
  /**
   * `never`: no such value matches. `run`: only the pattern itself can tell. `literals`: one of them has to be there, or a byte of
   * one of the kinds in `bytes`.
   */
  readonly kind: 'never' | 'run' | 'literals'
  /** Lower case, two bytes or more. */
  readonly literals: readonly string[]
  readonly bytes: number
  /** The value has a byte of each of these sets of kinds. */
  readonly needs: readonly number[]
  readonly minLength: number
}

interface Facts {
  readonly isDead: boolean
  /** All texts that can match, in lower case; `undefined`: too many. */
  readonly exact: readonly string[] | undefined
  /** Every match begins with one of them; `undefined`: nothing is known. */
  readonly head: readonly string[] | undefined
  /** Every match ends with one of them. */
  readonly tail: readonly string[] | undefined
  /** One of them is in every match. */
  readonly literals: readonly string[] | undefined
  readonly needs: readonly number[]
  readonly minLength: number
}

/** Larger sets of exact texts grow without saying more. */
const MOST_EXACT = 64
const MOST_LITERALS = 8192
/** What stands beyond makes no literal rarer. */
const LONGEST_LITERAL = 24
const LONGEST_REPEATED = 32
const MOST_MEMBERS = 6
const MOST_NEEDS = 6
/** What nearly every text has: lower-case letters, digits, blanks. */
const ORDINARY = kinds('a0 ')

const unknown = { exact: undefined, head: undefined, tail: undefined, literals: undefined, needs: [], minLength: 0 }
const nothing: Facts = { isDead: false, ...unknown }
const dead: Facts = { isDead: true, ...unknown }
const empty: Facts = { ...nothing, ...texts(['']) }

/** Works out what `tree` requires of values whose bytes are all of one alphabet's kinds. */
export function requirementOf(tree: PatternTree, analysis: Analysis): Requirement {
  const facts = analysis.factsOf(tree)
  if (facts.isDead) return { kind: 'never', literals: [], bytes: 0, needs: [], minLength: 0 }
  const found = better(facts.exact, facts.literals)
  const { minLength } = facts
  const needs = fewest([...facts.needs, ...(found === undefined ? [] : [needOf(found)])])
  const bytes = kinds((found ?? []).filter(({ length }) => length === 1).join(''))
  if (found === undefined || (bytes & ORDINARY) !== 0) return { kind: 'run', literals: [], bytes: 0, needs, minLength }
  // A value with one of the others has a byte of these kinds as well.
  const literals = found.filter((literal) => (kinds(literal) & bytes) === 0)
  return { kind: 'literals', literals: shortened(literals), bytes, needs, minLength }
}

/** Of the values of one alphabet: their bytes are all of its kinds. Trees share sets of bytes. */
export class Analysis {
  readonly #alphabet: number
  /** Of all values: what a tree without bytes beyond the alphabet requires is the same for them. */
  readonly #whole: Analysis | undefined
  readonly #known = new Map<PatternTree, Facts>()
  readonly #sets = new Map<ByteSet, Facts>()
  readonly #kinds = new Map<PatternTree, number>()

  constructor(alphabet: number, whole?: Analysis) {
    this.#alphabet = alphabet
    this.#whole = whole
  }

  factsOf(tree: PatternTree): Facts {
    if (tree.kind === 'set') return this.#set(tree.set)
    if (this.#whole !== undefined && (this.#whole.#kindsOf(tree) & ~this.#alphabet) === 0)
      return this.#whole.factsOf(tree)
    const known = this.#known.get(tree)
    if (known !== undefined) return known
    const facts = this.#work(tree)
    this.#known.set(tree, facts)
    return facts
  }

  /** The kinds of all bytes that the tree names. */
  #kindsOf(tree: PatternTree): number {
    const known = this.#kinds.get(tree)
    if (known !== undefined) return known
    let mask = 0
    if (tree.kind === 'set') mask = kindsOfSet(tree.set)
    else if (tree.kind === 'phrases') for (const phrase of tree.phrases) mask |= kinds(phrase)
    else for (const part of partsOf(tree)) mask |= this.#kindsOf(part)
    this.#kinds.set(tree, mask)
    return mask
  }

  #work(tree: Exclude<PatternTree, { kind: 'set' }>): Facts {
    switch (tree.kind) {
      case 'phrases':
        return this.#phrases(tree.phrases)
      case 'sequence':
        return this.#sequence(tree.parts)
      case 'choice':
        return choice(tree.branches.map((branch) => this.factsOf(branch)).filter(({ isDead }) => !isDead))
      case 'repeat':
        return repeat(this.factsOf(tree.tree), tree)
      case 'assertion':
        return empty
      case 'unknown':
        return nothing
      default:
        return tree satisfies never
    }
  }

  #set(set: ByteSet): Facts {
    const known = this.#sets.get(set)
    if (known !== undefined) return known
    const mask = kindsOfSet(set) & this.#alphabet
    const members = new Set<string>()
    for (let byte = 0; byte < 256 && members.size <= MOST_MEMBERS; byte++) {
      if (set[byte] === 1 && ((kindOf[byte] ?? 0) & this.#alphabet) !== 0) members.add(lower(byte))
    }
    const exact = members.size <= MOST_MEMBERS ? texts([...members]) : undefined
    const facts = mask === 0 ? dead : { ...nothing, ...exact, needs: [mask], minLength: 1 }
    this.#sets.set(set, facts)
    return facts
  }

  /** Alphabets have letters of both cases or of none. */
  #phrases(phrases: readonly string[]): Facts {
    const live = phrases.filter((phrase) => (kinds(phrase) & ~this.#alphabet) === 0).map(lowerText)
    if (live.length === 0) return dead
    const minLength = Math.min(...live.map(({ length }) => length))
    return { ...nothing, literals: live, minLength }
  }

  #sequence(parts: readonly PatternTree[]): Facts {
    let run: readonly string[] = ['']
    let head: readonly string[] | undefined
    let best: readonly string[] | undefined
    let minLength = 0
    const needs: number[] = []
    for (const part of parts) {
      const facts = this.factsOf(part)
      if (facts.isDead) return dead
      for (const need of facts.needs) if (!needs.includes(need)) needs.push(need)
      minLength += facts.minLength
      const joined = facts.exact && product(run, facts.exact)
      if (joined !== undefined) run = joined
      else {
        const ended = (facts.head && product(run, facts.head)) ?? run
        head ??= ended
        best = better(better(best, ended), facts.literals)
        run = facts.tail ?? ['']
      }
    }
    const common = { isDead: false, needs: fewest(needs), minLength }
    if (head === undefined) return { ...common, ...texts(run), literals: undefined }
    return { ...common, exact: undefined, head, tail: run, literals: better(best, run) }
  }
}

/** What matches just these texts. */
function texts(exact: readonly string[]): Pick<Facts, 'exact' | 'head' | 'tail'> {
  return { exact, head: exact, tail: exact }
}

function partsOf(tree: PatternTree): readonly PatternTree[] {
  switch (tree.kind) {
    case 'sequence':
      return tree.parts
    case 'choice':
      return tree.branches
    case 'repeat':
      return [tree.tree]
    default:
      return []
  }
}

function choice(branches: readonly Facts[]): Facts {
  if (branches.length === 0) return dead
  const minLength = Math.min(...branches.map((branch) => branch.minLength))
  const exact = union(
    branches.map((branch) => branch.exact),
    MOST_EXACT,
  )
  const head = union(
    branches.map((branch) => branch.head),
    MOST_EXACT,
  )
  const tail = union(
    branches.map((branch) => branch.tail),
    MOST_EXACT,
  )
  const literals = union(
    branches.map((branch) => better(branch.exact, branch.literals)),
    MOST_LITERALS,
  )
  let need = 0
  for (const { needs } of branches) {
    const [rarest] = fewest(needs)
    if (rarest === undefined) return { isDead: false, exact, head, tail, literals, needs: [], minLength }
    need |= rarest
  }
  return { isDead: false, exact, head, tail, literals, needs: [need], minLength }
}

function repeat(facts: Facts, { min, max }: { min: number; max: number }): Facts {
  if (min === 0) {
    if (facts.isDead || max === 0) return empty
    return max === 1 && facts.exact !== undefined ? { ...empty, ...texts(['', ...facts.exact]) } : nothing
  }
  if (facts.isDead) return dead
  if (max === 1) return facts
  const minLength = facts.minLength * min
  const powers = facts.exact && repeated(facts.exact, min, max)
  if (powers === undefined) {
    return { ...facts, exact: undefined, literals: better(facts.exact, facts.literals), minLength }
  }
  if (powers.all !== undefined) return { ...facts, ...texts(powers.all), minLength }
  const { least } = powers
  return { ...facts, exact: undefined, head: least, tail: least, literals: better(least, facts.literals), minLength }
}

/**
 * What follows itself a few times: `least` as often as it has to, `all` as often as it may, unless these are too many texts,
 * or too long: repeats of repeats would grow without bound.
 */
function repeated(
  exact: readonly string[],
  min: number,
  max: number,
): { least: readonly string[]; all: readonly string[] | undefined } {
  let least: readonly string[] = exact
  let count = 1
  for (; count < Math.min(min, LONGEST_LITERAL); count++) {
    const longer = product(least, exact)
    if (longer === undefined || longer.some(({ length }) => length > LONGEST_REPEATED)) break
    least = longer
  }
  if (count < min || max > min + MOST_MEMBERS) return { least, all: undefined }
  let all: readonly string[] | undefined = least
  let last: readonly string[] | undefined = least
  for (; count < max && all !== undefined; count++) {
    last = last && product(last, exact)
    all = union([all, last], MOST_EXACT)
  }
  return { least, all: all?.some(({ length }) => length > LONGEST_REPEATED) === true ? undefined : all }
}

function product(left: readonly string[], right: readonly string[]): readonly string[] | undefined {
  if (left.length === 1 && right.length === 1) return [`${left[0]}${right[0]}`]
  if (left.length * right.length > MOST_EXACT) return undefined
  if (left.length + right.length === 2) return [`${left[0]}${right[0]}`]
  const texts = new Set<string>()
  for (const head of left) for (const tail of right) texts.add(head + tail)
  return [...texts]
}

/** `undefined` as soon as one of the lists is, or when there are too many texts. */
function union(lists: readonly (readonly string[] | undefined)[], most: number): readonly string[] | undefined {
  const texts = new Set<string>()
  for (const list of lists) {
    if (list === undefined || texts.size + list.length > most) return undefined
    for (const text of list) texts.add(text)
  }
  return [...texts]
}

/** The list that fewer values are likely to have something of. */
function better(
  left: readonly string[] | undefined,
  right: readonly string[] | undefined,
): readonly string[] | undefined {
  const usable = (list: readonly string[] | undefined) => (list?.includes('') === true ? undefined : list)
  const [one, other] = [usable(left), usable(right)]
  if (one === undefined || other === undefined) return one ?? other
  return likelihood(one) <= likelihood(other) ? one : other
}

/** Rough odds that an ordinary value has one of the texts at a given place. */
function likelihood(texts: readonly string[]): number {
  let sum = 0
  for (const text of texts) {
    let odds = 1
    for (let i = 0; i < text.length; i++) odds *= ((kindOf[text.charCodeAt(i)] ?? 0) & ORDINARY) !== 0 ? 1 / 16 : 1 / 80
    sum += odds
  }
  return sum
}

/** For each literal the rarest of its kinds: one of these has to be there. Letters may be of either case. */
function needOf(literals: readonly string[]): number {
  let need = 0
  for (const literal of literals) {
    const mask = kinds(literal)
    const special = mask & ~ORDINARY
    need |= special === 0 ? lowest(mask) : lowest(special)
  }
  return (need & LOWER) !== 0 ? need | UPPER : need
}

function lowest(mask: number): number {
  return mask & -mask
}

/** The most telling needs: those that another one implies, and the widest, are left out. */
function fewest(needs: readonly number[]): readonly number[] {
  if (needs.length < 2) return needs
  const unique = [...new Set(needs)]
  const telling = unique.filter((need) => !unique.some((other) => other !== need && (other & need) === other))
  return telling.sort((a, b) => weight(a) - weight(b)).slice(0, MOST_NEEDS)
}

/** Letters, digits and blanks are what nearly every value has. */
function weight(need: number): number {
  let bits = 0
  for (let rest = need; rest !== 0; rest &= rest - 1) bits++
  return (need & (LOWER | UPPER)) === 0 ? bits : bits + 32
}

/** Cut to a length that tells enough; a text that contains another one says nothing more. */
function shortened(literals: readonly string[]): readonly string[] {
  const cut = new Set(literals.map((literal) => literal.slice(0, LONGEST_LITERAL)))
  if (cut.size > 256) return [...cut]
  return [...cut].filter((text) => ![...cut].some((other) => other !== text && text.includes(other)))
}

function lowerText(text: string): string {
  return Array.from({ length: text.length }, (_, i) => lower(text.charCodeAt(i))).join('')
}

function lower(byte: number): string {
  return String.fromCharCode(lowerByte(byte))
}
