import type { Effect } from './compiler/program.ts'
import type { TransactionState } from './transaction-state.ts'

/** What a match does besides the disruptive action; `true`, so that it can stand at the end of a condition. */
export function runEffects(effects: readonly Effect[], state: TransactionState): true {
  for (const effect of effects) effect(state)
  return true
}
