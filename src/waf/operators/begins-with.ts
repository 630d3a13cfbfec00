import type { OperatorWord } from './operator.ts'

/** The value begins with the argument. */
export const beginsWith: OperatorWord = {
  name: 'beginsWith',
  argument: 'macro',
  compile: (argument) => ({
    test: (value) => value.startsWith(argument),
    locate: () => [{ offset: 0, length: argument.length }],
  }),
}
