import type { OperatorWord } from './operator.ts'

/** The value stands somewhere in the argument, which is also what its place counts in; an empty value always does. */
export const within: OperatorWord = {
  name: 'within',
  argument: 'macro',
  compile: (argument) => ({
    test: (value) => argument.includes(value),
    locate: (value) => (value === '' ? [] : [{ offset: argument.indexOf(value), length: value.length }]),
  }),
}
