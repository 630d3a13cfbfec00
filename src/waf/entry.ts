import type { Scan } from './prefilter/literal-scanner.ts'
import type { ScreenedLink, Slot } from './prefilter/plans.ts'

/** One step of a chain of transformations. Nodes form a trie, so chains with a common beginning share its results. */
export interface TransformNode {
  /** Unique in its program. */
  readonly number: number
  readonly parent: TransformNode | undefined
  readonly name: string
  readonly transform: (value: string) => string
}

/** The steps up to this one, first to last. */
export function chainOf(node: TransformNode | undefined): readonly TransformNode[] {
  return node === undefined ? [] : [...chainOf(node.parent), node]
}

/** What screening found out about a cell that outlives its transaction. Small: hundreds of them are looked at for one body. */
class Findings {
  #slot: Slot | undefined
  #links: readonly ScreenedLink[] | undefined
  /** Of other slots; most cells are asked by one. */
  #others: Map<Slot, readonly ScreenedLink[]> | undefined
  /** Numbers of links that were asked and did not match. */
  #misses: Set<number> | undefined

  /** The links that may match, as far as that slot asks. */
  answerTo(slot: Slot): readonly ScreenedLink[] | undefined {
    const links = slot === this.#slot ? this.#links : this.#others?.get(slot)
    if (links === undefined || this.#misses === undefined) return links
    for (let i = 0; i < links.length; i++) {
      if (this.hasMissed((links[i] as ScreenedLink).number)) return this.#leaveOutMisses(slot, links)
    }
    return links
  }

  #leaveOutMisses(slot: Slot, links: readonly ScreenedLink[]): readonly ScreenedLink[] {
    const left = links.filter(({ number }) => !this.hasMissed(number))
    this.keepAnswer(slot, left)
    return left
  }

  keepAnswer(slot: Slot, links: readonly ScreenedLink[]): void {
    this.#slot ??= slot
    if (slot === this.#slot) this.#links = links
    else {
      this.#others ??= new Map()
      this.#others.set(slot, links)
    }
  }

  hasMissed(link: number): boolean {
    return this.#misses?.has(link) === true
  }

  noteMiss(link: number): void {
    this.#misses ??= new Set()
    this.#misses.add(link)
  }
}

/** What a chain of transformations up to one step makes of a value. */
interface StepResult {
  readonly step: TransformNode
  readonly value: string
  /** What one pass over it found, once it was screened. */
  scan: Scan | undefined
  /** The one before. */
  readonly previous: StepResult | undefined
}

/** Up to so many results of a value are looked through one by one: most values have few. */
const FEW_RESULTS = 16

/** A value of the transaction with the results of the transformations that rules have asked for so far. */
export class Cell {
  readonly raw: string
  /** What one pass over the value found, once it was screened. */
  scan: Scan | undefined
  readonly #life: 'passing' | 'kept'
  #findings: Findings | undefined
  #last: StepResult | undefined
  #count: number
  #index: Map<TransformNode, StepResult> | undefined

  constructor(raw: string, life: 'passing' | 'kept' = 'passing') {
    this.raw = raw
    this.scan = undefined
    this.#life = life
    this.#findings = undefined
    this.#last = undefined
    this.#count = 0
    this.#index = undefined
  }

  /** `undefined`: the cell is this transaction's alone, and nothing is worth remembering. */
  get findings(): Findings | undefined {
    if (this.#life === 'kept') this.#findings ??= new Findings()
    return this.#findings
  }

  transformed(node: TransformNode): string {
    const known = this.resultOf(node)
    if (known !== undefined) return known.value
    const value = node.transform(node.parent === undefined ? this.raw : this.transformed(node.parent))
    this.keep(node, value, undefined)
    return value
  }

  /** What is known of a step already. */
  resultOf(node: TransformNode): StepResult | undefined {
    if (this.#index !== undefined) return this.#index.get(node)
    let result = this.#last
    while (result !== undefined && result.step !== node) result = result.previous
    return result
  }

  /** What a step that nothing is known of makes of the value, and what a pass over that found, if there was one. */
  keep(step: TransformNode, value: string, scan: Scan | undefined): void {
    if (this.#index === undefined && this.#count >= FEW_RESULTS) this.#index = this.#allResults()
    const result = { step, value, scan, previous: this.#last }
    if (this.#index !== undefined) this.#index.set(step, result)
    else {
      this.#last = result
      this.#count++
    }
  }

  #allResults(): Map<TransformNode, StepResult> {
    const index = new Map<TransformNode, StepResult>()
    for (let result = this.#last; result !== undefined; result = result.previous) index.set(result.step, result)
    return index
  }
}

/** A member of a collection, or a scalar (without key), as rules see it. Entries of several collections share cells. */
export class Entry {
  readonly collection: string
  readonly key: string | undefined
  readonly cell: Cell
  #lowerKey: string | undefined

  constructor(collection: string, key: string | undefined, cell: Cell) {
    this.collection = collection
    this.key = key
    this.cell = cell
  }

  /** `ARGS:id`, `REQUEST_URI`: what MATCHED_VAR_NAME and the log show. */
  get name(): string {
    return this.key === undefined ? this.collection : `${this.collection}:${this.key}`
  }

  /** Selectors compare without case. */
  get lowerKey(): string {
    this.#lowerKey ??= (this.key ?? '').toLowerCase()
    return this.#lowerKey
  }
}
