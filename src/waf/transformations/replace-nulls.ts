import type { TransformationWord } from './transformation.ts'

/** Turns every NUL byte into a space. */
export const replaceNulls: TransformationWord = {
  name: 'replaceNulls',
  transform: (value) => value.replace(/\0/g, ' '),
}
