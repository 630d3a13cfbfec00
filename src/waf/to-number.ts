/** The value as C's atoll reads it: leading digits, otherwise 0. */
export function toNumber(text: string): number {
  const value = Number.parseInt(text, 10)
  if (Number.isNaN(value)) return 0
  return Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)
}
