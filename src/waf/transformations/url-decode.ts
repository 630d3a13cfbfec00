import { roomFor, textOf } from './byte-room.ts'
import { readHexText } from './hex-digit.ts'
import type { TransformationWord } from './transformation.ts'

/** `%HH` and `+`, once. An escape that is not two hex digits stays as it was sent. */
export const urlDecode: TransformationWord = { name: 'urlDecode', transform: decodePercent }

/** A loop over bytes: every argument of every request goes through here. */
export function decodePercent(value: string): string {
  if (!value.includes('%') && !value.includes('+')) return value
  const bytes = roomFor(value.length)
  let length = 0
  for (let i = 0; i < value.length; i++) {
    let byte = value.charCodeAt(i)
    if (byte === 0x2b) byte = 0x20
    else if (byte === 0x25) {
      const decoded = readHexText(value, i + 1, 2)
      if (decoded >= 0) {
        byte = decoded
        i += 2
      }
    }
    bytes[length++] = byte
  }
  return textOf(bytes, length)
}
