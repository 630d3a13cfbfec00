import { textTree } from '../prefilter/pattern-tree.ts'
import type { OperatorWord } from './operator.ts'

/** The value begins with the argument. */
export const beginsWith: OperatorWord = {
  name: 'beginsWith',
  argument: 'macro',
  compile: (argument) => ({
    requires: () => textTree(argument),
    test: (value) => value.startsWith(argument),
    locate: () => [{ offset: 0, length: argument.length }],
  }),
}
