import type { TransformationWord } from './transformation.ts'

/** Takes out white space, the non-breaking space 0xA0 included. */
export const removeWhitespace: TransformationWord = {
  name: 'removeWhitespace',
  transform: (value) => (value.length > SHORT ? removeFromMany(value) : value.replace(/[\t\n\v\f\r \xa0]+/g, '')),
}

/** Above this, one pass over bytes is faster than a replacement for each blank. */
const SHORT = 256
const isKept = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[\t\n\v\f\r \xa0]/.test(String.fromCharCode(byte)) ? 0 : 1,
)

function removeFromMany(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  let length = 0
  // Without a branch: blanks come too irregularly for the processor to foresee.
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number // below its length
    bytes[length] = byte
    length += isKept[byte] as number
  }
  return length === bytes.length ? value : bytes.toString('latin1', 0, length)
}
