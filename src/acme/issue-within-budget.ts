import type { AcmeConfig } from '../config/config.ts'
import type { HostName } from '../http.ts'
import type { StoredCertificate } from '../store/certificates.ts'
import type { Store } from '../store/contract.ts'
import type { BudgetOutcome } from './budget/budget.ts'
import { budgetOf } from './budget/budget-of.ts'
import type { BudgetedOrder } from './budget/order-buckets.ts'
import { outcomeOf, rateLimited } from './budget/rate-limited.ts'
import { type IssueOptions, issueCertificate } from './issue-certificate.ts'
import type { OrderLedger } from './order-ledger.ts'

/** What the CA's limits make of an order beside its names. */
export type OrderCircumstances = Pick<BudgetedOrder, 'isRenewal' | 'viaAri' | 'pace'>

/** As issueCertificate(), within the CA's limits: see budgetLedger(). */
export async function issueWithinBudget(
  options: IssueOptions & { readonly now: () => number },
  circumstances: OrderCircumstances,
): Promise<StoredCertificate> {
  return issueCertificate({ ...options, ledger: budgetLedger(options, circumstances) })
}

export interface LedgerOptions {
  readonly acme: AcmeConfig
  readonly store: Store
  readonly names: readonly HostName[]
  readonly now: () => number
}

/** What is noted after an interruption must not keep the command. */
const noteTimeoutMs = 5_000

/**
 * Counts an order in the budget of its CA before it is sent, once, however often it is gone on with. Its `begin` throws
 * ACME_EDGE_ACME_RATE_LIMITED with the time at which the order may be sent (`details.retryAt`).
 */
export function budgetLedger(options: LedgerOptions, circumstances: OrderCircumstances): OrderLedger {
  const { acme, names } = options
  const budget = budgetOf(options)
  const order = { ...circumstances, accountId: acme.directory, names } // one account a CA
  // A store that fails now must not hide what failed before; the order stays counted.
  const note = (outcome: BudgetOutcome) =>
    budget.noteOutcome(order, outcome, AbortSignal.timeout(noteTimeoutMs)).catch(() => undefined)
  return {
    async begin(signal) {
      const answer = await budget.reserve(order, signal)
      if (!answer.allowed) throw rateLimited(answer, `the certificate for ${names[0]}`)
    },
    end: (error) => note(outcomeOf(error, names)),
    async interrupted(error) {
      const outcome = outcomeOf(error, names)
      if (outcome.kind === 'refused') await note({ ...outcome, isOpen: true })
    },
  }
}
