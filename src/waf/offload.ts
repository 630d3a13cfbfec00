import type { OperatorAnswer, OperatorRecipe } from './operators/operator.ts'

/** What an operator finds in what transformations make of a value, to be worked out off the event loop. */
export interface Question {
  /** One-byte string, as the request has it. */
  readonly value: string
  /** Names of transformations, first to last. */
  readonly steps: readonly string[]
  readonly operator: OperatorRecipe
  /** Which outcome is worth to hear what the operator saw: a rule with `!` matches when nothing is found. */
  readonly telling: 'found' | 'missing'
  /** Computing time, in milliseconds; above 0. */
  readonly limitMs: number
}

export type Reply =
  | {
      readonly kind: 'answered'
      readonly answer: OperatorAnswer
      /** With the telling outcome, what the operator saw; `undefined`: the value as it was. */
      readonly value?: string | undefined
      /** Computing time. */
      readonly usedMs: number
    }
  /** The limit was reached. */
  | { readonly kind: 'out of time' }
  /** Others had asked so much that this was not begun. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Runs operators where they hold up nobody, since one call cannot be interrupted and some take seconds for values that were
 * made for that. The engine knows no more of it.
 */
export interface Offload {
  /** Never rejects. */
  ask(question: Question): Promise<Reply>
}
