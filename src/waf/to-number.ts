/** The value as C's atoll reads it: leading digits, otherwise 0. */
export function toNumber(text: string): number {
  if (text.length === 1) return digit(text.charCodeAt(0))
  const value = Number.parseInt(text, 10)
  if (Number.isNaN(value)) return 0
  return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}

/** Most scores have one. */
function digit(code: number): number {
  return code >= 0x30 && code <= 0x39 ? code - 0x30 : 0
}
