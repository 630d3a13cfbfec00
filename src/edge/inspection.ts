import { EdgeError, toEdgeError } from '../errors.ts'
import type { EdgeRequest, EdgeResponse, MaybePromise, Verdict } from '../http.ts'
import type { RuleSet, Transaction } from '../waf/transaction-types.ts'
import { statusPage } from './error-response.ts'
import type { ExchangeNotes } from './exchange.ts'
import type { RuleLog } from './rule-log.ts'

/**
 * The WAF's side of one exchange: the transaction with what the edge owes it. Whatever happens to the exchange, `close`
 * runs phase 5 once and writes the rule log before the client sees the end of the response.
 */
export class Inspection {
  readonly transaction: Transaction
  readonly #notes: ExchangeNotes
  readonly #log: RuleLog
  #closed = false
  #observing = false
  /** Set while a streaming request body is only observed: phase 2 has to run before phase 3. */
  pendingRequestPhase: (() => MaybePromise<void>) | undefined

  constructor(request: EdgeRequest, options: { rules: RuleSet; notes: ExchangeNotes; log: RuleLog }) {
    this.transaction = options.rules.begin(transactionInput(request))
    this.#notes = options.notes
    this.#log = options.log
    options.notes.verdict = options.rules.mode === 'off' ? 'off' : 'pass'
  }

  /** Runs one phase and counts its time. */
  run<T>(phase: (transaction: Transaction) => MaybePromise<T>): MaybePromise<T> {
    if (this.#notes.verdict === 'off') return phase(this.transaction)
    const startedAt = performance.now()
    try {
      const result = phase(this.transaction)
      if (!(result instanceof Promise)) return result
      return result.catch((error) => this.#fail(error)).finally(() => this.#count(startedAt))
    } catch (error) {
      return this.#fail(error)
    } finally {
      this.#count(startedAt)
    }
  }

  /** The response that a verdict asks for; `undefined` for `pass`. Throws EdgeError ACME_EDGE_WAF_FAILED for `failed`. */
  answerTo(verdict: Verdict): EdgeResponse | 'drop' | undefined {
    if (verdict.kind === 'pass') return undefined
    this.#notes.verdict = verdict.kind
    switch (verdict.kind) {
      case 'block':
        return statusPage(verdict.status)
      case 'redirect':
        return statusPage(verdict.status, ['location', verdict.location])
      case 'drop':
        return 'drop'
      case 'failed':
        throw new EdgeError('ACME_EDGE_WAF_FAILED', `${verdict.reason} (rule ${verdict.ruleId ?? 'unknown'})`)
    }
  }

  /** Runs phases 1 and 2 for the record: neither verdict nor failure, of `close` too, changes anything. */
  async observe(body?: Buffer): Promise<void> {
    this.#observing = true
    try {
      await this.run((transaction) => transaction.requestHeaders())
      const isWanted = this.transaction.requestBodyPlan().kind === 'buffer'
      await this.run((transaction) => transaction.requestBody(isWanted ? body : undefined))
    } catch (error) {
      this.#noteFailure(error)
    }
  }

  /** Runs phase 2 for the record, on a request that is refused whatever comes of it. */
  async observeBody(bytes: Buffer): Promise<void> {
    this.#observing = true
    try {
      await this.run((transaction) => transaction.requestBody(bytes))
    } catch (error) {
      this.#noteFailure(error)
    }
  }

  readonly close = (): MaybePromise<void> => {
    if (this.#closed) return
    this.#closed = true
    return this.#observing ? this.#finishObserving() : this.#finish()
  }

  async #finishObserving(): Promise<void> {
    try {
      await this.#finish()
    } catch (error) {
      this.#noteFailure(error)
    }
  }

  #finish(): MaybePromise<void> {
    if (this.pendingRequestPhase === undefined) {
      const finished = this.run((transaction) => transaction.finish())
      return finished === undefined ? this.#write() : finished.then(() => this.#write())
    }
    return this.#closeLate(this.pendingRequestPhase)
  }

  async #closeLate(requestPhase: () => MaybePromise<void>): Promise<void> {
    await requestPhase()
    await this.run((transaction) => transaction.finish())
    this.#write()
  }

  /** What the WAF throws is its failure, whatever it is: 503, never a way through. */
  #fail(error: unknown): never {
    this.#notes.verdict = 'failed'
    if (error instanceof EdgeError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new EdgeError('ACME_EDGE_WAF_FAILED', `the WAF failed: ${reason}`, { cause: error })
  }

  #noteFailure(error: unknown): void {
    const { code, message } = toEdgeError(error)
    this.#notes.errorCode ??= code
    this.#notes.error ??= message
  }

  #count(startedAt: number): void {
    this.#notes.wafMs = (this.#notes.wafMs ?? 0) + performance.now() - startedAt
  }

  #write(): void {
    const { matchedRuleIds } = this.transaction
    if (matchedRuleIds.length > 0) {
      this.#notes.ruleIds = matchedRuleIds
      if (this.#notes.verdict === 'pass') this.#notes.verdict = 'detected'
    }
    this.#log.write(this.transaction)
  }
}

function transactionInput(request: EdgeRequest) {
  return {
    id: request.id,
    receivedAtMs: request.receivedAtMs,
    client: request.client,
    server: request.server,
    method: request.method,
    target: request.target,
    receivedTarget: request.receivedTarget,
    ...(request.requestLine === undefined ? {} : { requestLine: request.requestLine }),
    protocol: request.protocol,
    headers: request.headers,
  }
}
