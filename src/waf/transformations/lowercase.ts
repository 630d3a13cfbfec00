import type { TransformationWord } from './transformation.ts'

/** A-Z to a-z. Bytes above 0x7F stay: their meaning depends on a charset that nobody has stated. */
export const lowercase: TransformationWord = { name: 'lowercase', transform: lowerAscii }

export function lowerAscii(value: string): string {
  if (!/[A-Z]/.test(value)) return value
  // toLowerCase is the fastest way, but takes capitals of ISO 8859-1 along.
  return /[\xc0-\xde]/.test(value) ? value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : value.toLowerCase()
}
