import type { TransformationWord } from './transformation.ts'

/** Each run of white space, the non-breaking space 0xA0 included, becomes one space. */
export const compressWhitespace: TransformationWord = {
  name: 'compressWhitespace',
  // Single spaces are not matched, so that ordinary text comes back as the very same string.
  transform: (value) => value.replace(/[\t\n\v\f\r\xa0][\t\n\v\f\r \xa0]*| [\t\n\v\f\r \xa0]+/g, ' '),
}
