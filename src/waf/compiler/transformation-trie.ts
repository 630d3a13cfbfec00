import type { TransformNode } from '../entry.ts'
import type { TransformationWord } from '../transformations/transformation.ts'

/** All chains of transformations of a program; equal beginnings are one path. */
export class TransformationTrie {
  readonly #nodes = new Map<string, TransformNode>()
  readonly #replacements: ReadonlyMap<string, TransformationWord>

  /** @param replacements by name: words that this program has in another form */
  constructor(replacements: ReadonlyMap<string, TransformationWord>) {
    this.#replacements = replacements
  }

  /** The steps of a chain, first to last. */
  path(words: readonly TransformationWord[]): TransformNode[] {
    const path: TransformNode[] = []
    for (const word of words) path.push(this.#child(path.at(-1), this.#replacements.get(word.name) ?? word))
    return path
  }

  #child(parent: TransformNode | undefined, { name, transform }: TransformationWord): TransformNode {
    const key = `${parent?.number ?? ''} ${name}`
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    const node = { number: this.#nodes.size, parent, name, transform }
    this.#nodes.set(key, node)
    return node
  }
}
