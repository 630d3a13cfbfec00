import type { Endpoint, MaybePromise, RawHeaders, Verdict } from '../http.ts'
import type { Problem } from './seclang/location.ts'

/** Upper bound set by `waf.mode`: SecRuleEngine and ctl:ruleEngine can only go below it. */
export type WafMode = 'block' | 'detect' | 'off'

export interface TransactionInput {
  readonly id: string
  readonly receivedAtMs: number
  readonly client: Endpoint
  readonly server: Endpoint
  readonly method: string
  /** Undecoded request target, one-byte string. */
  readonly target: string
  /** What REQUEST_LINE shows instead, where a proxy has reduced the target from its absolute form. */
  readonly receivedTarget?: string
  /** What REQUEST_LINE shows instead of method, target and protocol, where they are not all of it. */
  readonly requestLine?: string
  readonly protocol: string
  readonly headers: RawHeaders
}

export interface ResponseHead {
  readonly status: number
  readonly protocol: string
  readonly headers: RawHeaders
}

/** What the edge has to do with a body before the next phase may run. */
export type BodyPlan =
  /** Hold it back, up to the limit, and hand it over whole. `reject`: 413 (request) or 502 (response) beyond it. */
  | { readonly kind: 'buffer'; readonly limitBytes: number; readonly beyond: 'reject' | 'partial' }
  /** Let it stream; the phase runs at once, without the body variables. */
  | { readonly kind: 'stream' }

/** A logged match: what the error log and the access record are made of. */
export interface LoggedMatch {
  readonly ruleId: number
  readonly phase: number
  /** The complete line of the error log, ModSecurity's form, escaped, without the newline. */
  readonly line: string
}

/**
 * One request and its response going through phases 1 to 5. The phases are called in order, each at most once; `finish`
 * (phase 5) always runs. A promise is returned only when inspection had to suspend (time slice, store, worker).
 */
export interface Transaction {
  /** Whether any rule could still interrupt this transaction; where not, bodies need not be held back. */
  readonly mayBlock: boolean
  requestHeaders(): MaybePromise<Verdict>
  requestBodyPlan(): BodyPlan
  requestBody(body: Buffer | undefined): MaybePromise<Verdict>
  responseHeaders(head: ResponseHead): MaybePromise<Verdict>
  responseBodyPlan(): BodyPlan
  responseBody(body: Buffer | undefined): MaybePromise<Verdict>
  /** Phase 5. Afterwards `matchedRuleIds` and `logged` are final. */
  finish(): MaybePromise<void>
  readonly matchedRuleIds: readonly number[]
  readonly logged: readonly LoggedMatch[]
  /** ModSecurity-form JSON audit record, or undefined when the transaction is not relevant. Call after `finish`. */
  auditRecord(): object | undefined
}

export interface RuleSet {
  readonly mode: WafMode
  readonly ruleCount: number
  /** What the files say that cannot have its effect here, each word once. */
  readonly warnings: readonly Problem[]
  begin(input: TransactionInput): Transaction
}
