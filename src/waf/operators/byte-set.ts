/** Which of the 256 bytes belong to a character class: 1 or 0 at each byte's place. */
export type ByteSet = Uint8Array

/** Inclusive ranges, by their first and last byte. */
export function byteSet(...ranges: readonly (readonly [first: number, last: number])[]): ByteSet {
  const set = new Uint8Array(256)
  for (const [first, last] of ranges) set.fill(1, first, last + 1)
  return set
}

export function complement(set: ByteSet): ByteSet {
  return set.map((member) => 1 - member)
}

/** Adds all members of `other` to `set`. */
export function addAll(set: ByteSet, other: ByteSet): void {
  for (let byte = 0; byte < 256; byte++) if (other[byte] === 1) set[byte] = 1
}

/** Adds the other case of every ASCII letter in the set. */
export function addOtherCase(set: ByteSet): void {
  for (let upper = 0x41; upper <= 0x5a; upper++) {
    const either = (set[upper] ?? 0) | (set[upper + 0x20] ?? 0)
    set[upper] = either
    set[upper + 0x20] = either
  }
}

/** The set as a V8 character class; the shorter one of the plain and the negated form, equal on one-byte strings. */
export function toClassSource(set: ByteSet): string {
  const plain = rangesOf(set, 1)
  const negated = rangesOf(set, 0)
  return plain.length <= negated.length ? `[${plain}]` : `[^${negated}]`
}

/** A letter in either case, as a class. */
export function toLetterSource(letter: string): string {
  return `[${letter.toUpperCase()}${letter.toLowerCase()}]`
}

/** Of the members (1), or of all others (0). */
function rangesOf(set: ByteSet, kind: 0 | 1): string {
  let source = ''
  for (let first = set.indexOf(kind); first < 256 && first !== -1; first = set.indexOf(kind, first + 1)) {
    let last = first
    while (set[last + 1] === kind) last++
    source += toLiteralSource(first)
    if (last > first) source += `${last > first + 1 ? '-' : ''}${toLiteralSource(last)}`
    first = last
  }
  return source
}

/** One byte as it can stand anywhere in a V8 pattern, in a class or outside. */
export function toLiteralSource(byte: number): string {
  return literalSources[byte] ?? ''
}

const literalSources: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte)
  if (/[0-9A-Za-z_ !"#%&',:;<=>@`~]/.test(char)) return char
  return /[\x21-\x7e]/.test(char) ? `\\${char}` : `\\x${byte.toString(16).padStart(2, '0')}`
})
