import type { OperatorWord } from './operator.ts'

/** The value is the argument, byte for byte. */
export const streq: OperatorWord = {
  name: 'streq',
  label: 'StrEq',
  argument: 'macro',
  compile: (argument) => ({ test: (value) => value === argument }),
}
