import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { AcmeConfig } from '../config/config.ts'
import type { Store } from '../store/contract.ts'
import type { AcmeAccount } from './account.ts'
import type { CertificateWish } from './certificate-wish.ts'
import type { GivenRequest } from './given-request.ts'
import type { Journal } from './journal.ts'
import type { OrderLedger } from './order-ledger.ts'
import type { OnProgress } from './progress.ts'
import type { Transport } from './transport.ts'

/** What is wanted of which CA, and what getting it takes. */
export interface Ordering extends CertificateWish {
  readonly acme: AcmeConfig
  readonly store: Store
  readonly publisher: ChallengePublisher
  readonly signal: AbortSignal
  /** How long all of it may take. Default: 180 000. */
  readonly timeoutMs?: number
  readonly onProgress?: OnProgress
  /** Default: orders are not counted. */
  readonly ledger?: OrderLedger
  /** What the CA's limit on new accounts is counted by. Default: Date.now. */
  readonly now?: () => number
  /** Default: a key of our own is made. */
  readonly givenRequest?: GivenRequest
}

/** With a way to the CA. */
export type ConnectedOrdering = Ordering & { readonly transport: Transport }

/** With the account that orders. */
export type WorkingOrdering = Ordering & {
  readonly account: AcmeAccount
  readonly ledger: OrderLedger
  readonly onProgress: OnProgress
}

/** The journal of an order that has come to its end. */
export type Obtained = Journal & { readonly fullChainPem: string }
