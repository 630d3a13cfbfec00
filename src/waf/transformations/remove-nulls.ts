import type { TransformationWord } from './transformation.ts'

/** Takes out every NUL byte. */
export const removeNulls: TransformationWord = {
  name: 'removeNulls',
  transform: (value) => (value.includes('\0') ? value.replace(/\0+/g, '') : value),
}
