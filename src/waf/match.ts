import type { Rule } from './compiler/program.ts'
import type { Evidence } from './transaction-state.ts'

/** What the transaction did because of a match. */
export type Consequence = 'warning' | 'denied' | 'dropped' | 'redirected' | 'allowed'

/** A rule that matched and is worth recording, with its texts as they were at that moment. */
export interface Match {
  readonly rule: Rule
  readonly consequence: Consequence
  /** Of the answer, where the consequence has one. */
  readonly status: number
  readonly evidence: Evidence | undefined
  /** Where in the request, in ModSecurity's form. */
  readonly reference: string
  readonly message: string
  readonly logData: string
  readonly tags: readonly string[]
}
