import { type ByteSet, byteSet } from '../operators/byte-set.ts'

/**
 * A partition of the 256 bytes into kinds, finer where attacks live. Which kinds a value has, as a mask, already rules out
 * most rules: a value of letters and spaces holds no markup, no path and no call.
 */
const punctuation = ['.', '-', '_', '/', ':', ';', ',', '()', '=', '&', '%', '+', '@~', "'", '"', '`'] as const
const rare = ['<>', '$', '|', '!?', '*^#', '[]{}', '\\'] as const

const memberships: readonly ByteSet[] = [
  byteSet([0x61, 0x7a]),
  byteSet([0x41, 0x5a]),
  byteSet([0x30, 0x39]),
  byteSet([0x20, 0x20]),
  ...[...punctuation, ...rare].map(bytesOf),
  byteSet([0x00, 0x1f], [0x7f, 0x7f]),
  byteSet([0x80, 0xff]),
]

/** Bits 29 and 30 of a mask say that two bytes stand side by side that some transformation takes apart. */
export const TWIN_BLANKS = 1 << 29
/** `//`, `./`, `/.`, `..` or `--`. */
export const TWIN_MARKS = 1 << 30
export const twins: readonly (readonly [text: string, bit: number])[] = [
  ['  ', TWIN_BLANKS],
  ...['//', './', '/.', '..', '--'].map((text) => [text, TWIN_MARKS] as const),
]

/** The bit of each byte's kind. */
export const kindOf: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  return 1 << memberships.findIndex((set) => set[byte] === 1)
})

export const ALL_KINDS: number = kindOf.reduce((mask, kind) => mask | kind, 0)
/** All kinds and both twins: what nothing is known of. */
export const ANYTHING: number = ALL_KINDS | TWIN_BLANKS | TWIN_MARKS
export const LOWER = kinds('a')
export const UPPER = kinds('A')
export const CONTROLS = kinds('\0')
export const HIGH = kinds('\x80')

/** The kinds of the bytes in a text. */
export function kinds(text: string): number {
  let mask = 0
  for (let i = 0; i < text.length; i++) mask |= kindOf[text.charCodeAt(i) & 0xff] ?? 0
  return mask
}

/** Those of the first bytes. */
export function kindsOfBytes(bytes: Uint8Array, length: number): number {
  let mask = 0
  for (let i = 0; i < length; i++) mask |= kindOf[bytes[i] as number] as number
  return mask
}

export function kindsOfSet(set: ByteSet): number {
  let mask = 0
  for (let byte = 0; byte < 256; byte++) if (set[byte] === 1) mask |= kindOf[byte] ?? 0
  return mask
}

/**
 * Alphabets from narrow to wide. What a pattern requires is worked out for each: within a narrow one many alternatives
 * fall away, and those that stay have longer literals in common.
 */
export const alphabets: readonly number[] = [
  kinds('aA0 .-_'),
  kinds('aA0 .-_/:,@!+'),
  kinds('aA0 .-_/:,@!+();=&*'),
  kinds("aA0 .-_/:,@!+'();=&%*"),
  ALL_KINDS,
]

/** Index of the narrowest alphabet that has all kinds of the mask. */
export function alphabetOf(mask: number): number {
  const missing = mask & ALL_KINDS
  for (let i = 0; i < alphabets.length - 1; i++) if ((missing & ~(alphabets[i] ?? 0)) === 0) return i
  return alphabets.length - 1
}

function bytesOf(text: string): ByteSet {
  const set = byteSet()
  for (let i = 0; i < text.length; i++) set[text.charCodeAt(i)] = 1
  return set
}
