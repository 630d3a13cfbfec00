import type { TransformationWord } from './transformation.ts'

/** The number of bytes, in decimal. */
export const length: TransformationWord = {
  name: 'length',
  transform: (value) => String(value.length),
}
