/** Value of a byte that is a hex digit, -1 of any other and of `undefined`, the byte beyond the end. */
export function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** The number that `count` hex digits from `at` on spell, -1 where one of them is none. */
export function readHex(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = at; i < at + count; i++) {
    const digit = hexValue(bytes[i])
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

/** The same in a string. */
export function readHexText(text: string, at: number, count: number): number {
  if (at + count > text.length) return -1
  let value = 0
  for (let i = at; i < at + count; i++) {
    const digit = hexValue(text.charCodeAt(i))
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}
