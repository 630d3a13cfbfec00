/**
 * The byte that a four-digit escape (`\uHHHH`, CSS `\HHHH`) stands for: its low byte, and for the full-width forms
 * U+FF01 to U+FF5E the ASCII character that they imitate.
 */
export function narrowEscape(codeUnit: number): string {
  const low = codeUnit & 0xff
  const isFullWidth = codeUnit >> 8 === 0xff && low > 0x00 && low < 0x5f
  return String.fromCharCode(isFullWidth ? low + 0x20 : low)
}
