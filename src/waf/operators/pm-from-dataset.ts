import type { OperatorWord } from './operator.ts'
import { matchPhrases } from './pm.ts'

/** Coraza's @pm with its phrases in a SecDataset. */
export const pmFromDataset: OperatorWord = {
  name: 'pmFromDataset',
  argument: 'literal',
  compile: (argument, context) => matchPhrases(context.dataset(argument.trim())),
}
