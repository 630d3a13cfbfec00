import { EdgeError, type ErrorCode } from '../errors.ts'
import { isObject, type JsonObject } from './json.ts'
import { problemAdvice } from './problem-advice.ts'
import { parseRetryAfterMs } from './retry-after.ts'
import type { AcmeResponse } from './transport.ts'

const prefix = 'urn:ietf:params:acme:error:'

/** A problem document of the CA (RFC 8555 §6.7, RFC 9457), its texts made safe to print. */
export interface AcmeProblem {
  /** Without the ACME prefix: `rateLimited`, `connection`; a foreign type stays as it is. */
  readonly type: string
  readonly detail: string
  readonly status: number
  readonly subproblems: readonly { readonly type: string; readonly detail: string; readonly identifier?: string }[]
}

export interface ProblemContext {
  /** What was asked for: "the order", "the account". */
  readonly doing: string
  /** The host whose validation failed. */
  readonly host?: string
  readonly retryAtMs?: number
}

/** The problem that an answer of 400 and above holds; servers in between answer without one. */
export function parseProblem(data: unknown, status: number): AcmeProblem {
  const object: JsonObject = isObject(data) ? data : {}
  const subproblems = Array.isArray(object.subproblems) ? object.subproblems.filter(isObject) : []
  return {
    type: typeOf(object),
    detail: printable(object.detail) || `HTTP status ${status} without a reason`,
    status: typeof object.status === 'number' ? object.status : status,
    subproblems: subproblems.map((item) => ({
      type: typeOf(item),
      detail: printable(item.detail),
      ...(isObject(item.identifier) ? { identifier: printable(item.identifier.value) } : {}),
    })),
  }
}

/** The error for an answer that refuses. */
export function refusal(response: AcmeResponse, context: ProblemContext): EdgeError {
  const retryMs = parseRetryAfterMs(response.headers['retry-after'], Date.now())
  const retry = retryMs === undefined ? {} : { retryAtMs: Date.now() + retryMs }
  return problemError(parseProblem(response.data, response.status), { ...context, ...retry })
}

/** One line for a person (what, why, which host, what to do) and the whole problem in `details` for a machine. */
export function problemError(problem: AcmeProblem, context: ProblemContext): EdgeError {
  const advice = problemAdvice(problem, context)
  const retryAt = context.retryAtMs === undefined ? {} : { retryAt: new Date(context.retryAtMs).toISOString() }
  const host = context.host === undefined ? {} : { host: context.host }
  const message = `the CA refused ${context.doing}: ${describe(problem)}${advice ? `; ${advice}` : ''}`
  return new EdgeError(codeOf(problem, context), message, { details: { problem, advice, ...host, ...retryAt } })
}

/** The problem that an error of the CA carries, for those who react to its type. */
export function findProblem(error: unknown): AcmeProblem | undefined {
  if (!(error instanceof EdgeError) || error.side !== 'ca') return undefined
  const { problem } = error.details
  return problem === undefined ? undefined : (problem as AcmeProblem) // only problemError() writes this member
}

function codeOf(problem: AcmeProblem, context: ProblemContext): ErrorCode {
  if (problem.type === 'rateLimited' || problem.status === 429) return 'ACME_EDGE_ACME_RATE_LIMITED'
  return context.host === undefined ? 'ACME_EDGE_ACME_REFUSED' : 'ACME_EDGE_ACME_VALIDATION_FAILED'
}

function describe(problem: AcmeProblem): string {
  const parts = problem.subproblems.map((item) => `${item.identifier ?? 'subproblem'}: ${item.detail} (${item.type})`)
  return [`${problem.detail} (${problem.type})`, ...parts].join('; ')
}

function typeOf(object: JsonObject): string {
  const type = printable(object.type)
  return type.startsWith(prefix) ? type.slice(prefix.length) : type || 'about:blank'
}

/** One line without control bytes: what a server sends must not steer the terminal or fill the screen. */
function printable(value: unknown): string {
  return typeof value === 'string' ? value.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 600) : ''
}
