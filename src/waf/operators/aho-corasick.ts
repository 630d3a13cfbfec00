import { lowerByte } from './lower-byte.ts'
import type { Span } from './operator.ts'

/**
 * An automaton that finds any of many phrases in one pass over a value, case ignored (ASCII): each byte costs two table
 * look-ups, however many phrases there are.
 */
export interface Automaton {
  /** Class of each byte; bytes that stand in no phrase share class 0, which leads back to the root. */
  readonly classOf: Uint8Array
  readonly classCount: number
  /** Next state by `state * classCount + class`. */
  readonly next: StateTable
  /** Length of the longest phrase that ends in a state; 0 where none does. */
  readonly endLength: Uint32Array
}

/** Two bytes a state wherever they suffice: tables of large lists are what rules weigh most. */
type StateTable = Uint16Array | Uint32Array

/** Phrases are one-byte strings; empty ones are left out. */
export function buildAutomaton(phrases: readonly string[]): Automaton {
  const lowered = phrases
    .filter((phrase) => phrase !== '')
    .map((phrase) =>
      Buffer.from(
        phrase.replace(/[A-Z]+/g, (text) => text.toLowerCase()),
        'latin1',
      ),
    )
  const { classOf, classCount } = classifyBytes(lowered)
  const stateCount = countStates(lowered)
  const size = stateCount * classCount
  const next: StateTable = stateCount <= 0x10000 ? new Uint16Array(size) : new Uint32Array(size)
  const automaton = { classOf, classCount, next, endLength: new Uint32Array(stateCount) }
  insertPhrases(automaton, lowered)
  linkFailures(automaton, stateCount)
  return automaton
}

export function hasAny(automaton: Automaton, value: string): boolean {
  return findEnd(automaton, value) !== undefined
}

/** The bytes of the value that matched: of the phrases that end first, the longest. */
export function findFirst(automaton: Automaton, value: string): Span | undefined {
  const found = findEnd(automaton, value)
  return found === undefined ? undefined : { offset: found.end - found.length, length: found.length }
}

function findEnd(
  { classOf, classCount, next, endLength }: Automaton,
  value: string,
): { end: number; length: number } | undefined {
  let state = 0
  for (let i = 0; i < value.length; i++) {
    state = next[state * classCount + (classOf[value.charCodeAt(i)] ?? 0)] ?? 0
    const length = endLength[state] ?? 0
    if (length > 0) return { end: i + 1, length }
  }
  return undefined
}

/** At most 231 classes: 256 bytes less 26 capitals, and class 0. */
function classifyBytes(phrases: readonly Uint8Array[]): { classOf: Uint8Array; classCount: number } {
  const classOf = new Uint8Array(256)
  let classCount = 1
  for (const phrase of phrases) {
    for (const byte of phrase) if (classOf[byte] === 0) classOf[byte] = classCount++
  }
  for (let capital = 0x41; capital <= 0x5a; capital++) classOf[capital] = classOf[lowerByte(capital)] ?? 0
  return { classOf, classCount }
}

/** Of the trie: the root, and for each phrase what it does not share with the one before it. */
function countStates(phrases: readonly Buffer[]): number {
  let count = 1
  let before: Buffer = Buffer.alloc(0)
  for (const phrase of phrases.toSorted(Buffer.compare)) {
    let shared = 0
    while (shared < phrase.length && phrase[shared] === before[shared]) shared++
    count += phrase.length - shared
    before = phrase
  }
  return count
}

/** Builds the trie; 0 stands for "no such child": nothing leads back to the root yet. */
function insertPhrases({ classOf, classCount, next, endLength }: Automaton, phrases: readonly Uint8Array[]): void {
  let stateCount = 1
  for (const phrase of phrases) {
    let state = 0
    for (const byte of phrase) {
      const edge = state * classCount + (classOf[byte] ?? 0)
      if (next[edge] === 0) next[edge] = stateCount++
      state = next[edge] ?? 0
    }
    endLength[state] = phrase.length
  }
}

/** Breadth first: a state's missing edges become those of its failure state, which is nearer to the root and complete. */
function linkFailures({ classCount, next, endLength }: Automaton, stateCount: number): void {
  const failure = new Int32Array(stateCount)
  const queue = new Int32Array(stateCount)
  let queued = 1
  for (let head = 0; head < queued; head++) {
    const state = queue[head] ?? 0
    const fallback = failure[state] ?? 0
    for (let byteClass = 1; byteClass < classCount; byteClass++) {
      const inherited = state === 0 ? 0 : (next[fallback * classCount + byteClass] ?? 0)
      const child = next[state * classCount + byteClass] ?? 0
      if (child === 0) {
        next[state * classCount + byteClass] = inherited
        continue
      }
      failure[child] = inherited
      if (endLength[child] === 0) endLength[child] = endLength[inherited] ?? 0
      queue[queued++] = child
    }
  }
}
