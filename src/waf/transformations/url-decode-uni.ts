import { bestFitAscii } from './best-fit-ascii.ts'
import { readHex } from './hex-digit.ts'
import type { TransformationWord } from './transformation.ts'

/** urlDecode plus Microsoft's `%uHHHH`, whose characters become the ASCII byte that IIS would make of them. */
export const urlDecodeUni: TransformationWord = urlDecodeUniWith(bestFitAscii)

/** The same with another code page than US-ASCII. */
export function urlDecodeUniWith(toByte: (codeUnit: number) => number): TransformationWord {
  return { name: 'urlDecodeUni', transform: (value) => decode(value, toByte) }
}

function decode(value: string, toByte: (codeUnit: number) => number): string {
  if (!/[%+]/.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i] ?? 0
    if (byte === 0x2b) byte = 0x20
    else if (byte === 0x25) {
      const isWide = ((bytes[i + 1] ?? 0) | 0x20) === 0x75
      const decoded = isWide ? readHex(bytes, i + 2, 4) : readHex(bytes, i + 1, 2)
      if (decoded >= 0) {
        byte = isWide ? toByte(decoded) : decoded
        i += isWide ? 5 : 2
      }
    }
    bytes[length++] = byte
  }
  return bytes.toString('latin1', 0, length)
}
