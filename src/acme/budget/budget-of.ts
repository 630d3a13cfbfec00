import type { AcmeConfig } from '../../config/config.ts'
import type { Store } from '../../store/contract.ts'
import { directoryId } from '../directory-id.ts'
import { type Budget, openBudget } from './budget.ts'
import { limitsOf } from './ca-limits.ts'

/** The budget of the CA that the config names, shared by all who use the store: `limits/<CA>/…`. */
export function budgetOf(options: {
  readonly acme: Pick<AcmeConfig, 'directory' | 'limits'>
  readonly store: Store
  readonly now: () => number
}): Budget {
  const { acme, store, now } = options
  return openBudget({
    store,
    folder: `limits/${directoryId(acme.directory)}`,
    ca: limitsOf(acme.directory, acme.limits),
    now,
  })
}
