import type { TransformationWord } from './transformation.ts'

/** A-Z to a-z. Bytes above 0x7F stay: their meaning depends on a charset that nobody has stated. */
export const lowercase: TransformationWord = { name: 'lowercase', transform: lowerAscii }

export function lowerAscii(value: string): string {
  return /[A-Z]/.test(value) ? value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : value
}
