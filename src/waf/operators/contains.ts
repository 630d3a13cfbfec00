import { textTree } from '../prefilter/pattern-tree.ts'
import { type OperatorWord, PROMPT_BYTES, PROMPT_BYTES_ONE_PASS } from './operator.ts'

/** A long text of a client's, by way of a macro, may be compared at many places of a value. */
const SHORT_ARGUMENT = 128

/** The argument stands somewhere in the value. */
export const contains: OperatorWord = {
  name: 'contains',
  argument: 'macro',
  compile: (argument) => ({
    promptBytes: argument.length <= SHORT_ARGUMENT ? PROMPT_BYTES_ONE_PASS : PROMPT_BYTES,
    requires: () => textTree(argument),
    test: (value) => value.includes(argument),
    locate: (value) => [{ offset: value.indexOf(argument), length: argument.length }],
  }),
}
