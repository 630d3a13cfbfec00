import { textTree } from '../prefilter/pattern-tree.ts'
import { decodeHexContent } from './hex-content.ts'
import type { OperatorWord } from './operator.ts'

/** The phrase, in which `|41 42|` stands for bytes, is somewhere in the value. */
export const strmatch: OperatorWord = {
  name: 'strmatch',
  label: 'StrMatch',
  argument: 'literal',
  compile: (argument) => {
    const phrase = decodeHexContent(argument)
    return { requires: () => textTree(phrase), test: (value) => value.includes(phrase) }
  },
}
