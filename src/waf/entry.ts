import type { Scan } from './prefilter/literal-scanner.ts'
import type { ScreenedLink, Slot } from './prefilter/plans.ts'

/** One step of a chain of transformations. Nodes form a trie, so chains with a common beginning share its results. */
export interface TransformNode {
  /** Unique in its program; index of the result in a cell. */
  readonly number: number
  readonly parent: TransformNode | undefined
  readonly name: string
  readonly transform: (value: string) => string
}

/** The steps up to this one, first to last. */
export function chainOf(node: TransformNode | undefined): readonly TransformNode[] {
  return node === undefined ? [] : [...chainOf(node.parent), node]
}

/** What screening found out about a cell that outlives its transaction. */
interface Findings {
  /** The links that may match, by the slot that asked. */
  readonly answers: Map<Slot, readonly ScreenedLink[]>
  /** Numbers of links that were asked and did not match. */
  readonly misses: Set<number>
}

/** A value of the transaction with the results of the transformations that rules have asked for so far. */
export class Cell {
  readonly raw: string
  /** What one pass over the value found, once it was screened. */
  scan: Scan | undefined
  /** The same of its transformations, by number of the node. */
  scans: (Scan | undefined)[] | undefined
  /** `undefined`: the cell is this transaction's alone, and nothing is worth remembering. */
  readonly findings: Findings | undefined
  #results: (string | undefined)[] | undefined

  constructor(raw: string, life: 'passing' | 'kept' = 'passing') {
    this.raw = raw
    this.scan = undefined
    this.scans = undefined
    this.findings = life === 'kept' ? { answers: new Map(), misses: new Set() } : undefined
  }

  transformed(node: TransformNode): string {
    this.#results ??= []
    const known = this.#results[node.number]
    if (known !== undefined) return known
    const before = node.parent === undefined ? this.raw : this.transformed(node.parent)
    const after = node.transform(before)
    this.#results[node.number] = after
    return after
  }

  /** Notes a result that is known without computing it. */
  note(node: TransformNode, result: string): void {
    this.#results ??= []
    this.#results[node.number] = result
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

export function scalar(name: string, value: string): Entry {
  return new Entry(name, undefined, new Cell(value))
}
