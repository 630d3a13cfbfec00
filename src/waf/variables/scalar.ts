import { Entry } from '../entry.ts'
import type { TransactionState } from '../transaction-state.ts'
import type { Settled, VariableWord } from './variable.ts'

/** A variable with one value, or with none while `read` gives `undefined`. */
export function scalarVariable(
  name: string,
  settled: Settled,
  read: (state: TransactionState) => string | number | undefined,
): VariableWord {
  return {
    name,
    shape: 'scalar',
    settled,
    read(state) {
      const value = read(state)
      return value === undefined ? [] : [new Entry(name, undefined, state.cells.cellOf(String(value)))]
    },
  }
}
