import { type ByteSet, byteSet, complement } from './byte-set.ts'

/** Ends the translation: what stands at `offset` has no exact equivalent in V8, or is no PCRE at all. */
export type Refuse = (message: string, offset: number) => never

/** What a backslash sequence stands for, inside a class and outside; `end` is the place after it. */
export type PcreEscape =
  | { readonly kind: 'byte'; readonly byte: number; readonly end: number }
  | { readonly kind: 'set'; readonly set: ByteSet; readonly end: number }

const digit = byteSet([0x30, 0x39])
const word = byteSet([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a])
// JavaScript's own \s would also match the bytes 0xA0 and, in two-byte strings, much more.
const space = byteSet([0x09, 0x0d], [0x20, 0x20])
const horizontalSpace = byteSet([0x09, 0x09], [0x20, 0x20], [0xa0, 0xa0])
const verticalSpace = byteSet([0x0a, 0x0d], [0x85, 0x85])
const newline = byteSet([0x0a, 0x0a])

const sets: ReadonlyMap<string, ByteSet> = new Map([
  ['d', digit],
  ['D', complement(digit)],
  ['w', word],
  ['W', complement(word)],
  ['s', space],
  ['S', complement(space)],
  ['h', horizontalSpace],
  ['H', complement(horizontalSpace)],
  ['v', verticalSpace],
  ['V', complement(verticalSpace)],
  ['N', complement(newline)],
])

const controls: ReadonlyMap<string, number> = new Map([
  ['a', 0x07],
  ['e', 0x1b],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
])

/** Reads the escape whose backslash stands at `at`. Assertions, references and `\Q` are the caller's, before this. */
export function readEscape(pattern: string, at: number, refuse: Refuse): PcreEscape {
  const letter = pattern[at + 1]
  if (letter === undefined) return refuse('a pattern cannot end in a backslash', at)
  const end = at + 2
  const set = sets.get(letter)
  if (set !== undefined) return { kind: 'set', set, end }
  const control = controls.get(letter)
  if (control !== undefined) return { kind: 'byte', byte: control, end }
  if (letter === 'x' || letter === 'o' || letter === 'c' || /[0-7]/.test(letter)) return readNumber(pattern, at, refuse)
  if (/[A-Za-z0-9]/.test(letter)) return refuse(`\\${letter} is not supported`, at)
  return { kind: 'byte', byte: letter.charCodeAt(0), end }
}

/** `\xhh`, `\x{hh}`, `\ooo`, `\o{ooo}` and `\cX`. */
function readNumber(pattern: string, at: number, refuse: Refuse): PcreEscape {
  const number = /\\(?:x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{0,2})|o\{([0-7]+)\}|([0-7]{1,3})|c([\x20-\x7e]))/y
  number.lastIndex = at
  const match = number.exec(pattern)
  if (match === null) return refuse(`\\${pattern[at + 1]} needs a number after it`, at)
  const [text, braced, hex, bracedOctal, octal, control] = match
  const byte =
    control === undefined
      ? Number.parseInt(braced ?? (hex === '' ? '0' : hex) ?? bracedOctal ?? octal ?? '', (hex ?? braced) ? 16 : 8)
      : control.toUpperCase().charCodeAt(0) ^ 0x40
  if (byte > 0xff) return refuse(`${text} is no byte: values are inspected as bytes`, at)
  return { kind: 'byte', byte, end: at + text.length }
}
