import { createHash } from 'node:crypto'
import type { TransformationWord } from './transformation.ts'

/** The raw 20 bytes of the SHA-1 digest (t:hexEncode makes them printable). */
export const sha1: TransformationWord = {
  name: 'sha1',
  transform: (value) => createHash('sha1').update(value, 'latin1').digest().toString('latin1'),
}
