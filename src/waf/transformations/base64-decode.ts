import { roomFor, textOf } from './byte-room.ts'
import type { TransformationWord } from './transformation.ts'

/**
 * Base64 up to the first byte that does not belong to it (line ends aside): what follows the encoded part does not keep
 * the part from being seen. Padding may be missing.
 */
export const base64Decode: TransformationWord = { name: 'base64Decode', transform: decode }

/** By byte: the six bits that it stands for, or what else it is. */
const LINE_END = 64
const OTHER = 65
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const bitsOf = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x0a || byte === 0x0d) return LINE_END
  const bits = alphabet.indexOf(String.fromCharCode(byte))
  return bits < 0 ? OTHER : bits
})

function decode(value: string): string {
  const bytes = roomFor(value.length)
  return textOf(bytes, decodeInto(bytes, value))
}

/** Puts the result where there is room for as many bytes as the value has; how many it has. */
export function decodeInto(bytes: Buffer, value: string): number {
  let length = 0
  let bits = 0
  let count = 0
  for (let i = 0; i < value.length; i++) {
    const six = bitsOf[value.charCodeAt(i)] ?? OTHER
    if (six === OTHER) break
    if (six === LINE_END) continue
    bits = (bits << 6) | six
    count += 6
    if (count < 8) continue
    count -= 8
    bytes[length++] = bits >> count
  }
  return length
}
