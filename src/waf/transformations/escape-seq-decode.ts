import type { TransformationWord } from './transformation.ts'

const escapes = /\\(?:[xX]([0-9A-Fa-f]{2})|([0-7]{1,3})|([\s\S]))/g
const controls: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** ANSI C escapes: `\n`, `\xHH`, `\ooo` (its low byte); what is no known escape loses its backslash. */
export const escapeSeqDecode: TransformationWord = {
  name: 'escapeSeqDecode',
  transform: (value) => (value.includes('\\') ? decode(value) : value),
}

function decode(value: string): string {
  return value.replace(escapes, (_match, hex?: string, octal?: string, char?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
    return controls[char ?? ''] ?? char ?? ''
  })
}
