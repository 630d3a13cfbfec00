import type { Question, Reply } from '../waf/offload.ts'
import type { OperatorRecipe } from '../waf/operators/operator.ts'

/** A question with numbers for what the thread knows already. */
export interface NumberedQuestion {
  readonly value: number
  readonly steps: readonly string[]
  readonly operator: number | OperatorRecipe
  readonly telling: Question['telling']
}

export type ToThread =
  | { readonly kind: 'ask'; readonly question: NumberedQuestion }
  /** Sent once, before the first question about it. */
  | { readonly kind: 'value'; readonly number: number; readonly text: string }
  | { readonly kind: 'operator'; readonly number: number; readonly recipe: OperatorRecipe }
  | { readonly kind: 'forget'; readonly what: 'values' | 'operators' }

/** Questions are answered one by one. */
export type Answered = Extract<Reply, { kind: 'answered' | 'failed' }>

/** With the processor time that the thread has used in all. */
export type FromThread = ({ readonly kind: 'ready' } | Answered) & { readonly cpuMs: number }
