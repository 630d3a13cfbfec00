import type { TransformationWord } from './transformation.ts'

/** Takes out the characters that begin or end a C, HTML or SQL comment; what stands between them stays. */
export const removeCommentsChar: TransformationWord = {
  name: 'removeCommentsChar',
  transform: (value) => value.replace(/\/\*|\*\/|<!--|-->|--|#/g, ''),
}
