import type { TransformationWord } from './transformation.ts'

/** `%HH` and `+`, once. An escape that is not two hex digits stays as it was sent. */
export const urlDecode: TransformationWord = { name: 'urlDecode', transform: decodePercent }

export function decodePercent(value: string): string {
  return value.replace(/\+|%([0-9A-Fa-f]{2})/g, (_match, hex?: string) =>
    hex === undefined ? ' ' : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
