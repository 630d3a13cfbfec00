import type { Collection } from './collection.ts'
import type { TransactionState } from './transaction-state.ts'

const names: ReadonlySet<string> = new Set(['tx'])

export function isWritable(lowerName: string): boolean {
  return names.has(lowerName)
}

/** The collection that `setvar` writes, if this transaction has it. */
export function writableCollection(state: TransactionState, lowerName: string): Collection | undefined {
  return lowerName === 'tx' ? state.tx : state.collections.get(lowerName)
}
