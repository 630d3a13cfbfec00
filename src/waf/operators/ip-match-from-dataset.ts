import { matchNetworks } from './ip-match.ts'
import type { OperatorWord } from './operator.ts'

/** Coraza's @ipMatch with its addresses and networks in a SecDataset. */
export const ipMatchFromDataset: OperatorWord = {
  name: 'ipMatchFromDataset',
  argument: 'literal',
  compile: (argument, context) => matchNetworks(context.dataset(argument.trim()), context),
}
