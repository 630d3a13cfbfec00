import type { OperatorWord } from './operator.ts'

/** Whether a block list in the DNS has the address. No name is ever looked up for a request. */
export const rbl: OperatorWord = {
  name: 'rbl',
  argument: 'literal',
  limitation: 'block lists in the DNS are not asked',
  compile: () => ({ test: () => false }),
}
