import type { VariableWord } from './variable.ts'

/** The collection of this transaction alone; setvar writes it, captures are TX:0 to TX:9. */
export const tx: VariableWord = {
  name: 'TX',
  shape: 'collection',
  settled: 'never',
  read: (state) => state.tx.entries(),
  find: (state, lowerKey) => state.tx.find(lowerKey),
}

/** What `setenv` set in this transaction; the environment of the process is not shown to rules. */
export const env: VariableWord = {
  name: 'ENV',
  shape: 'collection',
  settled: 'never',
  read: (state) => state.env.entries(),
  find: (state, lowerKey) => state.env.find(lowerKey),
}
