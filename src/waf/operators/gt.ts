import { compareIntegers, parseInteger } from './integer.ts'
import type { OperatorWord } from './operator.ts'

/** The value, read as an integer, is greater than the argument. */
export const gt: OperatorWord = {
  name: 'gt',
  argument: 'macro',
  compile: (argument) => {
    const limit = parseInteger(argument)
    return { test: (value) => compareIntegers(parseInteger(value), limit) > 0 }
  },
}
