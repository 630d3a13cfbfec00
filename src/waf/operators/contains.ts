import { textTree } from '../prefilter/pattern-tree.ts'
import type { OperatorWord } from './operator.ts'

/** The argument stands somewhere in the value. */
export const contains: OperatorWord = {
  name: 'contains',
  argument: 'macro',
  compile: (argument) => ({
    requires: () => textTree(argument),
    test: (value) => value.includes(argument),
    locate: (value) => [{ offset: value.indexOf(argument), length: argument.length }],
  }),
}
