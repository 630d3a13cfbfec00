/** A JSON string's text between its quotes as UTF-8 bytes, and whether an escape in it was none of JSON's. */
export function unescapeJson(text: string): { readonly value: string; readonly isValid: boolean } {
  if (!text.includes('\\')) return { value: text, isValid: true }
  let isValid = true
  const value = text.replace(escapes, (match, high?: string, low?: string, unit?: string, char?: string) => {
    if (high !== undefined && low !== undefined) return encodeUtf8(joinSurrogates(fromHex(high), fromHex(low)))
    if (unit !== undefined) return encodeUtf8(fromHex(unit))
    if (char !== undefined) return controls[char] ?? char
    isValid = false
    return match
  })
  return { value, isValid }
}

const escapes = /\\(?:u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(["\\/bfnrt])|)/g
const controls: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

function fromHex(digits: string): number {
  return Number.parseInt(digits, 16)
}

function joinSurrogates(high: number, low: number): number {
  return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
}

/** One byte a character. A surrogate without its partner is encoded like any other code point: nothing is lost. */
function encodeUtf8(codePoint: number): string {
  if (codePoint < 0x80) return String.fromCharCode(codePoint)
  const last = 0x80 | (codePoint & 0x3f)
  if (codePoint < 0x800) return String.fromCharCode(0xc0 | (codePoint >> 6), last)
  const middle = 0x80 | ((codePoint >> 6) & 0x3f)
  if (codePoint < 0x10000) return String.fromCharCode(0xe0 | (codePoint >> 12), middle, last)
  return String.fromCharCode(0xf0 | (codePoint >> 18), 0x80 | ((codePoint >> 12) & 0x3f), middle, last)
}
