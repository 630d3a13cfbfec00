import type { TransformationWord } from './transformation.ts'

/** Two lower-case hex digits a byte. */
export const hexEncode: TransformationWord = {
  name: 'hexEncode',
  transform: (value) => Buffer.from(value, 'latin1').toString('hex'),
}
