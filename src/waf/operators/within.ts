import type { OperatorWord } from './operator.ts'

/** The value stands somewhere in the argument; an empty value always does. */
export const within: OperatorWord = {
  name: 'within',
  argument: 'macro',
  compile: (argument) => ({ test: (value) => argument.includes(value) }),
}
