import { roomFor, textOf } from './byte-room.ts'
import type { TransformationWord } from './transformation.ts'

/** Takes out white space, the non-breaking space 0xA0 included. */
export const removeWhitespace: TransformationWord = {
  name: 'removeWhitespace',
  transform: (value) => (value.length > SHORT ? removeFromMany(value) : removeFromFew(value)),
}

/** Above this, it pays to copy the bytes first. */
const SHORT = 256
const isKept = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[\t\n\v\f\r \xa0]/.test(String.fromCharCode(byte)) ? 0 : 1,
)

function removeFromFew(value: string): string {
  const bytes = roomFor(value.length)
  let length = 0
  for (let i = 0; i < value.length; i++) {
    const byte = value.charCodeAt(i)
    bytes[length] = byte
    length += isKept[byte & 0xff] as number
  }
  return length === value.length ? value : textOf(bytes, length)
}

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
