import { textTree } from '../prefilter/pattern-tree.ts'
import type { OperatorWord } from './operator.ts'

/** The value ends with the argument. */
export const endsWith: OperatorWord = {
  name: 'endsWith',
  argument: 'macro',
  compile: (argument) => ({
    requires: () => textTree(argument),
    test: (value) => value.endsWith(argument),
    locate: (value) => [{ offset: value.length - argument.length, length: argument.length }],
  }),
}
