import { narrowEscape } from './full-width.ts'
import type { TransformationWord } from './transformation.ts'

const escapes = /\\(?:u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|([0-3][0-7]{0,2}|[4-7][0-7]?)|([\s\S]))/g
const controls: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** JavaScript's `\uHHHH`, `\xHH`, octal and single-character escapes; any other escaped character loses its backslash. */
export const jsDecode: TransformationWord = {
  name: 'jsDecode',
  transform: (value) => (value.includes('\\') ? decode(value) : value),
}

function decode(value: string): string {
  return value.replace(escapes, (_match, unicode?: string, hex?: string, octal?: string, char?: string) => {
    if (unicode !== undefined) return narrowEscape(Number.parseInt(unicode, 16))
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
    return controls[char ?? ''] ?? char ?? ''
  })
}
