import type { Verdict } from '../../src/http.ts'
import { type LoadOptions, loadRuleSet } from '../../src/waf/rule-set.ts'
import type { TraceEvent } from '../../src/waf/trace.ts'
import type { RuleSet, Transaction, TransactionInput } from '../../src/waf/transaction-types.ts'

export interface TestRequest {
  readonly method?: string
  readonly target?: string
  readonly receivedTarget?: string
  readonly protocol?: string
  readonly headers?: readonly string[]
  readonly body?: string
  readonly client?: string
  readonly id?: string
  readonly receivedAtMs?: number
  readonly server?: { readonly address: string; readonly port: number }
}

export interface TestResponse {
  readonly status?: number
  readonly headers?: readonly string[]
  readonly body?: string
}

export interface Outcome {
  readonly verdict: Verdict
  /** Error-log lines. */
  readonly lines: readonly string[]
  /** Ids of the lines, in order. */
  readonly logged: readonly number[]
  readonly matched: readonly number[]
  /** Every comparison, in order. */
  readonly trace: readonly TraceEvent[]
  readonly audit: object | undefined
}

/** The file that rules given as text seem to come from. */
export const RULES_FILE = '/rules/test.conf'

/** Compiles rules given as text; further files by path, under `/rules`. */
export function load(rules: string, options: Partial<LoadOptions> & { data?: Record<string, string> } = {}) {
  const { data = {}, ...rest } = options
  return loadRuleSet({
    files: [RULES_FILE],
    mode: 'block',
    readFile: (path) => {
      const text = path === RULES_FILE ? rules : data[path]
      if (text === undefined)
        throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT', syscall: 'open' })
      return text
    },
    ...rest,
  })
}

/** Runs one exchange through rules given as text. */
export async function run(rules: string, request: TestRequest = {}, response: TestResponse = {}): Promise<Outcome> {
  const trace: TraceEvent[] = []
  const ruleSet = await load(rules, { trace: (event) => trace.push(event) })
  return { ...(await exchange(ruleSet, request, response)), trace }
}

/** One exchange through a compiled rule set, as the edge drives it. */
export async function exchange(
  ruleSet: RuleSet,
  request: TestRequest = {},
  response: TestResponse = {},
): Promise<Outcome> {
  const transaction = begin(ruleSet, request)
  const verdict = await judge(transaction, request, response)
  await transaction.finish()
  return {
    verdict,
    lines: transaction.logged.map(({ line }) => line),
    logged: transaction.logged.map(({ ruleId }) => ruleId),
    matched: transaction.matchedRuleIds,
    trace: [],
    audit: transaction.auditRecord(),
  }
}

export function begin(ruleSet: RuleSet, request: TestRequest = {}): Transaction {
  return ruleSet.begin(inputOf(request))
}

/** What the edge would know of the request. */
export function inputOf(request: TestRequest): TransactionInput {
  return {
    id: request.id ?? 'test-1',
    receivedAtMs: request.receivedAtMs ?? 1_700_000_000_000,
    client: { address: request.client ?? '192.0.2.1', port: 40_000 },
    server: request.server ?? { address: '198.51.100.1', port: 8080 },
    method: request.method ?? 'GET',
    target: request.target ?? '/',
    ...(request.receivedTarget === undefined ? {} : { receivedTarget: request.receivedTarget }),
    protocol: request.protocol ?? 'HTTP/1.1',
    headers: request.headers ?? ['Host', 'shop.example'],
  }
}

/** Phases 1 to 4, as far as the verdicts let them go. */
export async function judge(transaction: Transaction, request: TestRequest, response: TestResponse): Promise<Verdict> {
  const phases = [
    () => transaction.requestHeaders(),
    () => bodyPhase(transaction.requestBodyPlan(), request.body, (body) => transaction.requestBody(body)),
    () =>
      transaction.responseHeaders({
        status: response.status ?? 200,
        protocol: 'HTTP/1.1',
        headers: response.headers ?? ['Content-Type', 'text/html'],
      }),
    () => bodyPhase(transaction.responseBodyPlan(), response.body, (body) => transaction.responseBody(body)),
  ]
  for (const phase of phases) {
    const verdict = await phase()
    if (verdict.kind !== 'pass') return verdict
  }
  return { kind: 'pass' }
}

async function bodyPhase(
  plan: ReturnType<Transaction['requestBodyPlan']>,
  text: string | undefined,
  inspect: (body: Buffer | undefined) => Verdict | Promise<Verdict>,
): Promise<Verdict> {
  if (text === undefined || plan.kind === 'stream') return inspect(undefined)
  const body = Buffer.from(text, 'latin1')
  if (body.length <= plan.limitBytes) return inspect(body)
  if (plan.beyond === 'reject') return { kind: 'block', status: 413, ruleId: 0 }
  return inspect(body.subarray(0, plan.limitBytes))
}
