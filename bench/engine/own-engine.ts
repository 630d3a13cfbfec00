import type { MaybePromise, Verdict } from '../../src/http.ts'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import type { RuleSet, Transaction } from '../../src/waf/transaction-types.ts'
import type { BenchRequest } from '../requests/bench-request.ts'

const id = 'b7e0c6a1-0000-4000-8000-000000000000'
const client = { address: '127.0.0.1', port: 40_000 }
const server = { address: '127.0.0.1', port: 80 }
const protocol = 'HTTP/1.1'

export interface Outcome {
  readonly blocked: boolean
  /** Blocked because inspection took too long or went wrong, not by a rule. */
  readonly failed?: boolean
  readonly ruleIds: readonly number[]
}

export function loadOwnEngine(file: string): Promise<RuleSet> {
  return loadRuleSet({ files: [file], mode: 'block' })
}

type Phase = (transaction: Transaction, request: BenchRequest) => MaybePromise<Verdict>

/** Bodies are handed over where the engine asks for them, as the edge does. */
const phases: readonly Phase[] = [
  (transaction) => transaction.requestHeaders(),
  (transaction, { body }) =>
    transaction.requestBody(transaction.requestBodyPlan().kind === 'buffer' ? body : undefined),
  (transaction, { response: { status, headers } }) => transaction.responseHeaders({ status, protocol, headers }),
  (transaction, { response: { body } }) =>
    transaction.responseBody(transaction.responseBodyPlan().kind === 'buffer' ? body : undefined),
]

/** The whole life of a transaction: five phases and the lines that it logs. */
export async function inspect(rules: RuleSet, request: BenchRequest): Promise<Outcome> {
  const { method, target, headers } = request
  const input = { id, receivedAtMs: Date.now(), client, server, method, target, protocol, headers }
  const transaction = rules.begin(input)
  let kind: Verdict['kind'] = 'pass'
  for (const phase of phases) {
    const answer = phase(transaction, request)
    kind = (answer instanceof Promise ? await answer : answer).kind
    if (kind !== 'pass') break
  }
  const finished = transaction.finish()
  if (finished !== undefined) await finished
  return {
    blocked: kind !== 'pass',
    failed: kind === 'failed',
    ruleIds: transaction.logged.map(({ ruleId }) => ruleId),
  }
}
