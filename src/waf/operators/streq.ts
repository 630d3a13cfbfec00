import { textTree } from '../prefilter/pattern-tree.ts'
import type { OperatorWord } from './operator.ts'

/** The value is the argument, byte for byte. */
export const streq: OperatorWord = {
  name: 'streq',
  label: 'StrEq',
  argument: 'macro',
  compile: (argument) => ({
    requires: () => textTree(argument),
    test: (value) => value === argument,
  }),
}
