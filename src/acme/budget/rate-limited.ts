import { EdgeError } from '../../errors.ts'
import { findProblem } from '../problem.ts'
import type { BudgetDelay, BudgetOutcome } from './budget.ts'

/**
 * The error for what the budget delays: nothing was sent. `details`: `retryAt` (ISO 8601), `limit` as in edge.yaml, `delayed:
 * true`, which tells it from a 429 of the CA.
 */
export function rateLimited(delay: BudgetDelay, what: string): EdgeError {
  const retryAt = new Date(delay.atMs).toISOString()
  const message = `${what} has to wait until ${retryAt}: ${delay.why}; nothing was sent, and what is served goes on`
  return new EdgeError('ACME_EDGE_ACME_RATE_LIMITED', message, {
    details: { retryAt, limit: delay.limit, delayed: true },
  })
}

/** What the budget has to know of an order that failed; `names` are those of the order. */
export function outcomeOf(error: unknown, names: readonly string[]): BudgetOutcome {
  // What we held back ourselves (an account that the order wants first) is no word of the CA.
  if (!(error instanceof EdgeError) || error.details.delayed === true) return { kind: 'failed', failedHosts: [] }
  if (error.code === 'ACME_EDGE_ACME_RATE_LIMITED') {
    const retryAtMs = Date.parse(String(error.details.retryAt))
    const detail = findProblem(error)?.detail ?? ''
    return { kind: 'refused', detail, retryAtMs: Number.isNaN(retryAtMs) ? undefined : retryAtMs }
  }
  // All hosts were tried at once and the error tells of one: the others may have failed, too, and it is better to count one
  // too many than to be refused.
  const failedHosts = error.code === 'ACME_EDGE_ACME_VALIDATION_FAILED' ? names : []
  return { kind: 'failed', failedHosts }
}
