import { compareIntegers, parseInteger } from './integer.ts'
import type { OperatorWord } from './operator.ts'

/** The value, read as an integer, is less than or equal to the argument. */
export const le: OperatorWord = {
  name: 'le',
  argument: 'macro',
  compile: (argument) => {
    const limit = parseInteger(argument)
    return { test: (value) => compareIntegers(parseInteger(value), limit) <= 0 }
  },
}
