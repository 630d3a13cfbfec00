/** A state machine that reads text byte by byte and is in a state from `firstHit` on where a literal has just ended. */
export interface LiteralAutomaton {
  /** By byte; letters of both cases have the same class. */
  readonly classOf: Uint8Array
  /** Next state by `state << shift | class`. */
  readonly next: Uint16Array | Uint32Array
  readonly shift: number
  readonly firstHit: number
  /** By state: number of what ends there, 0 for nothing. */
  readonly hitOf: Uint32Array
  /** By that number: the literals. */
  readonly endings: readonly (readonly string[])[]
}

/** Aho and Corasick's: a trie whose missing edges become those of each state's longest proper suffix. Literals are lower case. */
export function buildAutomaton(literals: Iterable<string>): LiteralAutomaton {
  const sorted = [...literals].toSorted()
  const { classOf, count } = classify(sorted)
  return link(growTrie(sorted, classOf), { sorted, classOf, shift: 32 - Math.clz32(count - 1) })
}

/** Of each state the first child, the next child of its parent, and the class of bytes that leads to it. */
interface Trie {
  readonly states: number
  readonly child: Uint32Array
  readonly sibling: Uint32Array
  readonly byteClass: Uint8Array
  /** Index of the literal that is a state's whole path; -1 for most. */
  readonly literalOf: Int32Array
}

/** What text is made of comes first, so that its edges share one line of the processor's cache in each state's row. */
const common = 'abcdefghijklmnopqrstuvwxyz /.-='

/** Bytes that stand in no literal share class 0. */
function classify(literals: readonly string[]): { classOf: Uint8Array; count: number } {
  const classOf = new Uint8Array(256)
  const used = new Set<number>()
  for (const literal of literals) for (let i = 0; i < literal.length; i++) used.add(literal.charCodeAt(i))
  const inOrder = [...common].map((letter) => letter.charCodeAt(0)).filter((byte) => used.has(byte))
  let count = 1
  for (const byte of new Set([...inOrder, ...used])) classOf[byte] = count++
  for (let upper = 0x41; upper <= 0x5a; upper++) classOf[upper] = classOf[upper + 0x20] ?? 0
  return { classOf, count: Math.max(count, 2) }
}

function growTrie(sorted: readonly string[], classOf: Uint8Array): Trie {
  const states = 1 + sorted.reduce((sum, literal, i) => sum + literal.length - shared(literal, sorted[i - 1] ?? ''), 0)
  const [child, sibling, byteClass] = [new Uint32Array(states), new Uint32Array(states), new Uint8Array(states)]
  const literalOf = new Int32Array(states).fill(-1)
  let made = 0
  /** States on the way to the literal before, by depth. */
  const path = [0]
  for (const [number, literal] of sorted.entries()) {
    for (let depth = shared(literal, sorted[number - 1] ?? ''); depth < literal.length; depth++) {
      const parent = path[depth] ?? 0
      made++
      byteClass[made] = classOf[literal.charCodeAt(depth)] ?? 0
      sibling[made] = child[parent] ?? 0
      child[parent] = made
      path[depth + 1] = made
    }
    literalOf[path[literal.length] ?? 0] = number
  }
  return { states, child, sibling, byteClass, literalOf }
}

/** Bytes that two literals have in common at their beginnings. */
function shared(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length++
  return length
}

interface Letters {
  readonly sorted: readonly string[]
  readonly classOf: Uint8Array
  readonly shift: number
}

/**
 * Numbers the states by their depth, so that those which text reaches most lie side by side; where literals end from the
 * last number down, so that one comparison tells them.
 */
function link(trie: Trie, { sorted, classOf, shift }: Letters): LiteralAutomaton {
  const { states, child, sibling, byteClass, literalOf } = trie
  const next = states <= 0x10000 ? new Uint16Array(states << shift) : new Uint32Array(states << shift)
  const [suffixOf, hitOf, numberOf] = [new Uint32Array(states), new Uint32Array(states), new Uint32Array(states)]
  const endings: (readonly string[])[] = [[]]
  const queue = [0]
  let [lowest, highest] = [1, states - 1]
  for (const parent of queue) {
    const row = (numberOf[parent] ?? 0) << shift
    const suffixRow = (suffixOf[parent] ?? 0) << shift
    if (parent !== 0) next.copyWithin(row, suffixRow, suffixRow + (1 << shift))
    for (let state = child[parent] ?? 0; state !== 0; state = sibling[state] ?? 0) {
      const edge = row | (byteClass[state] ?? 0)
      // Until it is overwritten the edge leads where that of the parent's suffix does.
      const suffix = next[edge] ?? 0
      const literal = sorted[literalOf[state] ?? -1]
      const inherited = hitOf[suffix] ?? 0
      const hit = literal === undefined ? inherited : endings.push([literal, ...(endings[inherited] ?? [])]) - 1
      const number = hit === 0 ? lowest++ : highest--
      next[edge] = number
      numberOf[state] = number
      suffixOf[state] = suffix
      hitOf[number] = hit
      queue.push(state)
    }
  }
  return { classOf, next, shift, firstHit: lowest, hitOf, endings }
}
