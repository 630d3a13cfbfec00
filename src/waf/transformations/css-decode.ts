import { narrowEscape } from './full-width.ts'
import type { TransformationWord } from './transformation.ts'

const escapes = /\\(?:([0-9A-Fa-f]{1,6})[\t\n\v\f\r ]?|\n|([\s\S])|$)/g

/** CSS 2 escapes: one to six hex digits and one white space after them; an escaped newline and a last `\` vanish. */
export const cssDecode: TransformationWord = {
  name: 'cssDecode',
  transform: (value) => (value.includes('\\') ? decode(value) : value),
}

function decode(value: string): string {
  return value.replace(escapes, (_match, hex?: string, char?: string) => (hex ? decodeHex(hex) : (char ?? '')))
}

/** Only U+FFxx is looked at for full-width forms; a code point above that keeps its low byte, like any other. */
function decodeHex(hex: string): string {
  const codePoint = Number.parseInt(hex, 16)
  return codePoint > 0xffff ? String.fromCharCode(codePoint & 0xff) : narrowEscape(codePoint)
}
