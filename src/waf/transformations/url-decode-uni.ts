import { bestFitAscii } from './best-fit-ascii.ts'
import { roomFor, textOf } from './byte-room.ts'
import { readHexText } from './hex-digit.ts'
import type { TransformationWord } from './transformation.ts'

/** urlDecode plus Microsoft's `%uHHHH`, whose characters become the ASCII byte that IIS would make of them. */
export const urlDecodeUni: TransformationWord = urlDecodeUniWith(bestFitAscii)

/** The same with another code page than US-ASCII. */
export function urlDecodeUniWith(toByte: (codeUnit: number) => number): TransformationWord {
  return { name: 'urlDecodeUni', transform: (value) => decode(value, toByte) }
}

function decode(value: string, toByte: (codeUnit: number) => number): string {
  if (!value.includes('%') && !value.includes('+')) return value
  const bytes = roomFor(value.length)
  let length = 0
  for (let i = 0; i < value.length; i++) {
    let byte = value.charCodeAt(i)
    if (byte === 0x2b) byte = 0x20
    else if (byte === 0x25) {
      const isWide = i + 1 < value.length && (value.charCodeAt(i + 1) | 0x20) === 0x75
      const decoded = isWide ? readHexText(value, i + 2, 4) : readHexText(value, i + 1, 2)
      if (decoded >= 0) {
        byte = isWide ? toByte(decoded) : decoded
        i += isWide ? 5 : 2
      }
    }
    bytes[length++] = byte
  }
  return textOf(bytes, length)
}
