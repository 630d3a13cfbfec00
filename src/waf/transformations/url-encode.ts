import type { TransformationWord } from './transformation.ts'

/** Everything but letters, digits and `*` as `%hh`, the space as `+`. */
export const urlEncode: TransformationWord = {
  name: 'urlEncode',
  transform: (value) =>
    value.replace(/[^0-9A-Za-z*]/g, (char) =>
      char === ' ' ? '+' : `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
    ),
}
