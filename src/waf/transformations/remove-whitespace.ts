import type { TransformationWord } from './transformation.ts'

/** Takes out white space, the non-breaking space 0xA0 included. */
export const removeWhitespace: TransformationWord = {
  name: 'removeWhitespace',
  transform: (value) => value.replace(/[\t\n\v\f\r \xa0]+/g, ''),
}
