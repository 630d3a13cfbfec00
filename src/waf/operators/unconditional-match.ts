import type { OperatorWord } from './operator.ts'

/** Matches every value. */
export const unconditionalMatch: OperatorWord = {
  name: 'unconditionalMatch',
  argument: 'none',
  compile: () => ({ test: () => true }),
}
