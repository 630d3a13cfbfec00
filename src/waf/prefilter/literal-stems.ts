import { lowerByte } from '../operators/lower-byte.ts'

/**
 * The automaton knows so many bytes of a literal; what follows is compared where they stand. Whole literals make it larger, short
 * stems are found too often: page text with 4, 5, 6, 8 and 10 bytes took 239, 200, 182, 173 and 174 µs in one run.
 */
export const STEM_BYTES = 8

/** A literal, seen from where its stem ends. */
export interface Stemmed {
  readonly number: number
  /** What has to follow. */
  readonly rest: string
}

/** @param stems by number of what the automaton finds: the stems that end there */
export function groupByStem(
  literals: readonly string[],
  stems: readonly (readonly string[])[],
): readonly (readonly Stemmed[])[] {
  const beginning = new Map<string, Stemmed[]>()
  for (const [number, literal] of literals.entries()) {
    const stem = literal.slice(0, STEM_BYTES)
    const stemmed = { number, rest: literal.slice(STEM_BYTES) }
    const known = beginning.get(stem)
    if (known === undefined) beginning.set(stem, [stemmed])
    else known.push(stemmed)
  }
  return stems.map((ending) => ending.flatMap((stem) => beginning.get(stem) ?? []))
}

const lowerOf = Uint8Array.from({ length: 256 }, (_, byte) => lowerByte(byte))

/** Whether a lower-case text stands at this place of the value, in either case. */
export function isThere(text: string, value: string, place: number): boolean {
  const { length } = text
  if (place + length > value.length) return false
  for (let i = 0; i < length; i++) {
    if (lowerOf[value.charCodeAt(place + i) & 0xff] !== text.charCodeAt(i)) return false
  }
  return true
}
