import type { TransformationWord } from './transformation.ts'
import { trimLeft } from './trim-left.ts'
import { trimEnd } from './trim-right.ts'

/** Takes white space off both ends. */
export const trim: TransformationWord = { name: 'trim', transform: (value) => trimEnd(trimLeft.transform(value)) }
