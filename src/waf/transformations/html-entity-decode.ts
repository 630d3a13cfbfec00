import type { TransformationWord } from './transformation.ts'

const entity = /&(?:#[xX]([0-9A-Fa-f]+)|#([0-9]+)|([A-Za-z0-9]+));?/g
const named: ReadonlyMap<string, string> = new Map([
  ['quot', '"'],
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['nbsp', '\xa0'],
])

/** Numeric entities (their low byte) and the five named ones of the reference manual; the `;` may be missing. */
export const htmlEntityDecode: TransformationWord = {
  name: 'htmlEntityDecode',
  transform: (value) => (likelyEntity.test(value) ? decode(value) : value),
}

/** Most ampersands only stand between the fields of a form. */
const likelyEntity = /&(?:#|quot|amp|[lg]t|nbsp)/i

function decode(value: string): string {
  return value.replace(entity, (match, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCharCode(lowByte(hex, 16))
    if (decimal !== undefined) return String.fromCharCode(lowByte(decimal, 10))
    return named.get(name?.toLowerCase() ?? '') ?? match
  })
}

/** Digit by digit, so that a number of a million digits neither overflows nor costs more than one pass. */
function lowByte(digits: string, radix: 10 | 16): number {
  let byte = 0
  for (const digit of digits) byte = (byte * radix + Number.parseInt(digit, radix)) & 0xff
  return byte
}
