import type { StoredCertificate } from '../store/certificates.ts'
import { budgetOf } from './budget/budget-of.ts'
import type { BudgetedOrder } from './budget/order-buckets.ts'
import { outcomeOf, rateLimited } from './budget/rate-limited.ts'
import { type IssueOptions, issueCertificate } from './issue-certificate.ts'

/** What the CA's limits make of an order beside its names. */
export type OrderCircumstances = Pick<BudgetedOrder, 'isRenewal' | 'viaAri' | 'pace'>

/** As issueCertificate(), within the CA's limits. */
export async function issueWithinBudget(
  options: IssueOptions & { readonly now: () => number },
  circumstances: OrderCircumstances,
): Promise<StoredCertificate> {
  return withinBudget(options, circumstances, () => issueCertificate(options))
}

/**
 * Does `work`, which places one order; but an order that the CA would refuse for its limits is not sent. Throws
 * ACME_EDGE_ACME_RATE_LIMITED with the time at which it may be (`details.retryAt`), before anything was sent or after the CA's 429.
 */
export async function withinBudget<T>(
  options: Pick<IssueOptions, 'acme' | 'store' | 'names' | 'signal'> & { readonly now: () => number },
  circumstances: OrderCircumstances,
  work: () => Promise<T>,
): Promise<T> {
  const { acme, names, signal } = options
  const budget = budgetOf(options)
  const order = { ...circumstances, accountId: acme.directory, names } // one account a CA
  const answer = await budget.reserve(order, signal)
  if (!answer.allowed) throw rateLimited(answer, `the certificate for ${names[0]}`)
  try {
    const result = await work()
    await budget.noteOutcome(order, { kind: 'done' }, signal)
    return result
  } catch (error) {
    // A store that fails now must not hide what failed before; the order stays counted.
    if (!signal.aborted) await budget.noteOutcome(order, outcomeOf(error, names), signal).catch(() => undefined)
    throw error
  }
}
