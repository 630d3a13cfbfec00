import type { TransformationWord } from './transformation.ts'

/** Base64 with padding (RFC 4648 §4). */
export const base64Encode: TransformationWord = {
  name: 'base64Encode',
  transform: (value) => Buffer.from(value, 'latin1').toString('base64'),
}
