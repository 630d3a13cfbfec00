import { readEntries } from './data-file.ts'
import type { OperatorWord } from './operator.ts'
import { matchPhrases } from './pm.ts'

/** @pm with its phrases in files, one a line. */
export const pmFromFile: OperatorWord = {
  name: 'pmFromFile',
  argument: 'literal',
  compile: (argument, context) => matchPhrases(readEntries(argument, context)),
}
