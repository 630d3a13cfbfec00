import { readEntries } from './data-file.ts'
import { matchNetworks } from './ip-match.ts'
import type { OperatorWord } from './operator.ts'

/** @ipMatch with its addresses and networks in files, one a line. */
export const ipMatchFromFile: OperatorWord = {
  name: 'ipMatchFromFile',
  argument: 'literal',
  compile: (argument, context) => matchNetworks(readEntries(argument, context), context),
}
