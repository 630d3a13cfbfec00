import { createHash } from 'node:crypto'
import type { TransformationWord } from './transformation.ts'

/** The raw 16 bytes of the MD5 digest (t:hexEncode makes them printable). */
export const md5: TransformationWord = {
  name: 'md5',
  transform: (value) => createHash('md5').update(value, 'latin1').digest().toString('latin1'),
}
