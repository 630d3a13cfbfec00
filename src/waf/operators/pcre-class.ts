import { addAll, addOtherCase, type ByteSet, byteSet, complement } from './byte-set.ts'
import { type Refuse, readEscape } from './pcre-escape.ts'

/** Reads the bracketed class that begins at `at`. `end` is the place after its `]`. */
export function readClass(
  pattern: string,
  at: number,
  options: { readonly ignoreCase: boolean; readonly refuse: Refuse },
): { set: ByteSet; end: number } {
  const isNegated = pattern[at + 1] === '^'
  const set = new Uint8Array(256)
  const first = at + (isNegated ? 2 : 1)
  let position = first
  // A `]` in first place is a member, not the end.
  while (pattern[position] !== ']' || position === first) {
    if (position >= pattern.length) return options.refuse('this class has no closing bracket', at)
    position = readMember(pattern, position, { set, refuse: options.refuse })
  }
  if (options.ignoreCase) addOtherCase(set)
  return { set: isNegated ? complement(set) : set, end: position + 1 }
}

interface Target {
  readonly set: ByteSet
  readonly refuse: Refuse
}

/** Adds one byte, range, escape or POSIX class and returns the place after it. */
function readMember(pattern: string, at: number, { set, refuse }: Target): number {
  const named = readPosixClass(pattern, at, refuse)
  if (named !== undefined) {
    addAll(set, named.set)
    return named.end
  }
  const low = readItem(pattern, at, refuse)
  if (low.kind === 'set') {
    addAll(set, low.set)
    return low.end
  }
  const high = readRangeEnd(pattern, low.end, refuse)
  if (high === undefined) set[low.byte] = 1
  else if (high.byte < low.byte) refuse('this range is out of order', at)
  else set.fill(1, low.byte, high.byte + 1)
  return high?.end ?? low.end
}

/** The byte after a `-`, unless the `-` is a member itself: before `]` and before a class such as `\d`. */
function readRangeEnd(pattern: string, at: number, refuse: Refuse): { byte: number; end: number } | undefined {
  if (pattern[at] !== '-' || at + 1 >= pattern.length || pattern[at + 1] === ']') return undefined
  const item = readItem(pattern, at + 1, refuse)
  return item.kind === 'byte' ? item : undefined
}

function readItem(pattern: string, at: number, refuse: Refuse): ReturnType<typeof readEscape> {
  if (pattern[at] !== '\\') return { kind: 'byte', byte: pattern.charCodeAt(at), end: at + 1 }
  if (pattern[at + 1] === 'b') return { kind: 'byte', byte: 0x08, end: at + 2 }
  return readEscape(pattern, at, refuse)
}

function readPosixClass(pattern: string, at: number, refuse: Refuse): { set: ByteSet; end: number } | undefined {
  const syntax = /\[([:.=])(\^?)([a-z]*)\1\]/y
  syntax.lastIndex = at
  const match = syntax.exec(pattern)
  if (match === null) return undefined
  const set = match[1] === ':' ? posixClasses.get(match[3] ?? '') : undefined
  if (set === undefined) return refuse(`${match[0]} is no POSIX class`, at)
  return { set: match[2] === '^' ? complement(set) : set, end: at + match[0].length }
}

const posixClasses: ReadonlyMap<string, ByteSet> = new Map([
  ['alnum', byteSet([0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a])],
  ['alpha', byteSet([0x41, 0x5a], [0x61, 0x7a])],
  ['ascii', byteSet([0x00, 0x7f])],
  ['blank', byteSet([0x09, 0x09], [0x20, 0x20])],
  ['cntrl', byteSet([0x00, 0x1f], [0x7f, 0x7f])],
  ['digit', byteSet([0x30, 0x39])],
  ['graph', byteSet([0x21, 0x7e])],
  ['lower', byteSet([0x61, 0x7a])],
  ['print', byteSet([0x20, 0x7e])],
  ['punct', byteSet([0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e])],
  ['space', byteSet([0x09, 0x0d], [0x20, 0x20])],
  ['upper', byteSet([0x41, 0x5a])],
  ['word', byteSet([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a])],
  ['xdigit', byteSet([0x30, 0x39], [0x41, 0x46], [0x61, 0x66])],
])
