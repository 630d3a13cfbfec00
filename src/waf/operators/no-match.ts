import type { OperatorWord } from './operator.ts'

/** Never matches. */
export const noMatch: OperatorWord = { name: 'noMatch', argument: 'none', compile: () => ({ test: () => false }) }
