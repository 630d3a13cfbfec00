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

/** A value of the transaction with the results of the transformations that rules have asked for so far. */
export class Cell {
  readonly raw: string
  /** What the memory of verdicts knows about this value, once it was asked. */
  misses: Uint8Array | undefined
  #results: (string | undefined)[] | undefined

  constructor(raw: string) {
    this.raw = raw
    this.misses = undefined
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
