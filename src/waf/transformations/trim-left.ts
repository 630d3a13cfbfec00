import type { TransformationWord } from './transformation.ts'

/** Takes white space off the beginning. */
export const trimLeft: TransformationWord = {
  name: 'trimLeft',
  transform: (value) => value.replace(/^[\t\n\v\f\r ]+/, ''),
}
