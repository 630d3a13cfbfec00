import type { TransformationWord } from './transformation.ts'

/** a-z to A-Z. Bytes above 0x7F stay. */
export const uppercase: TransformationWord = {
  name: 'uppercase',
  transform: (value) => value.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
}
