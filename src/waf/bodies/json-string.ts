import { readHex } from '../transformations/hex-digit.ts'

/** A JSON string's text between its quotes as UTF-8 bytes, and whether an escape in it was none of JSON's. */
export function unescapeJson(text: string): { readonly value: string; readonly isValid: boolean } {
  if (!text.includes('\\')) return { value: text, isValid: true }
  // No escape is shorter than the bytes it stands for, so that one buffer serves for both.
  const bytes = Buffer.from(text, 'latin1')
  let length = 0
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i] ?? 0
    if (byte !== backslash) {
      bytes[length++] = byte
      i++
      continue
    }
    const escaped = readEscape(bytes, i)
    if (escaped === undefined) return { value: bytes.toString('latin1', 0, length), isValid: false }
    length = writeUtf8(bytes, length, escaped.codePoint)
    i = escaped.end
  }
  return { value: bytes.toString('latin1', 0, length), isValid: true }
}

const backslash = 0x5c

/** What may follow a backslash, and the byte that it stands for; `u` is told apart before. */
const escapes: ReadonlyMap<number | undefined, number> = new Map(
  [...'""\\\\//b\bf\fn\nr\rt\t'.matchAll(/([\s\S])([\s\S])/g)].map(([, letter = '', meaning = '']) => [
    letter.charCodeAt(0),
    meaning.charCodeAt(0),
  ]),
)

function readEscape(bytes: Uint8Array, at: number): { codePoint: number; end: number } | undefined {
  if (bytes[at + 1] !== 0x75) {
    const codePoint = escapes.get(bytes[at + 1])
    return codePoint === undefined ? undefined : { codePoint, end: at + 2 }
  }
  const unit = readHex(bytes, at + 2, 4)
  if (unit < 0) return undefined
  if (unit >= 0xd800 && unit <= 0xdbff && bytes[at + 6] === backslash && bytes[at + 7] === 0x75) {
    const low = readHex(bytes, at + 8, 4)
    if (low >= 0xdc00 && low <= 0xdfff) {
      return { codePoint: 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), end: at + 12 }
    }
  }
  return { codePoint: unit, end: at + 6 }
}

/** A surrogate without its partner is written like any other code point: nothing is lost. */
function writeUtf8(bytes: Uint8Array, at: number, codePoint: number): number {
  const size = codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4
  let rest = codePoint
  for (let i = at + size - 1; i > at; i--) {
    bytes[i] = 0x80 | (rest & 0x3f)
    rest >>= 6
  }
  bytes[at] = size === 1 ? rest : ((0xf00 >> size) & 0xff) | rest
  return at + size
}
