import { roomFor, textOf } from './byte-room.ts'
import { lowerAscii } from './lowercase.ts'
import type { TransformationWord } from './transformation.ts'

/**
 * What a shell would make of a command line: no quotes, backslashes and carets, separators as one space, none before `/`
 * and `(`, lower case. Defeats `c^at`, `"cat"` and `cat,/etc/passwd`.
 */
export const cmdLine: TransformationWord = { name: 'cmdLine', transform: read }

/** What a byte is to a shell; all others stay, but for the case of letters. */
const SPACE = 1
const SEPARATOR = 2
const TAKEN_OUT = 3
const CLOSES_UP = 4
const partOf = new Uint8Array(256)
for (const [part, bytes] of [
  [SPACE, ' '],
  [SEPARATOR, ',;\t\r\n'],
  [TAKEN_OUT, '"\'\\^'],
  [CLOSES_UP, '/('],
] as const)
  for (const byte of bytes) partOf[byte.charCodeAt(0)] = part

function read(value: string): string {
  return hasParts(value) ? rewrite(value) : lowerAscii(value)
}

/** Whether more than the case of letters changes. */
function hasParts(value: string): boolean {
  let before = 0
  for (let i = 0; i < value.length; i++) {
    const part = partOf[value.charCodeAt(i)] ?? 0
    if (part === SEPARATOR || part === TAKEN_OUT) return true
    if (before === SPACE && part !== 0) return true
    before = part
  }
  return false
}

function rewrite(value: string): string {
  const bytes = roomFor(value.length)
  let length = 0
  for (let i = 0; i < value.length; i++) {
    const byte = value.charCodeAt(i)
    const part = partOf[byte]
    if (part === TAKEN_OUT) continue
    const isBehindSpace = length > 0 && bytes[length - 1] === 0x20
    if (part === SPACE || part === SEPARATOR) {
      if (!isBehindSpace) bytes[length++] = 0x20
      continue
    }
    if (part === CLOSES_UP && isBehindSpace) length--
    bytes[length++] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte
  }
  return textOf(bytes, length)
}
