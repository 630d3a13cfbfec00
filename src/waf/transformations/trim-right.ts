import type { TransformationWord } from './transformation.ts'

/** Takes white space off the end. */
export const trimRight: TransformationWord = { name: 'trimRight', transform: trimEnd }

/** A loop from the end: as a regular expression this would be quadratic on long runs of spaces. */
export function trimEnd(value: string): string {
  let end = value.length
  while (end > 0 && isSpace(value.charCodeAt(end - 1))) end--
  return value.slice(0, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d)
}
