import { compareIntegers, parseInteger } from './integer.ts'
import type { OperatorWord } from './operator.ts'

/** The value, read as an integer, is greater than or equal to the argument. */
export const ge: OperatorWord = {
  name: 'ge',
  argument: 'macro',
  compile: (argument) => {
    const limit = parseInteger(argument)
    return { test: (value) => compareIntegers(parseInteger(value), limit) >= 0 }
  },
}
