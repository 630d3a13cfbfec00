import { EdgeError } from '../../errors.ts'
import { isObject, parseObject, parseText } from '../json.ts'
import { refusal } from '../problem.ts'
import { parseRetryAfterMs } from '../retry-after.ts'
import type { Transport } from '../transport.ts'

/** The span in which the CA wants a certificate to be renewed; milliseconds since 1970, the end after the start. */
export interface RenewalWindow {
  readonly start: number
  readonly end: number
}

/** What the CA says about renewing one certificate (RFC 9773 §4.2). */
export interface RenewalInfo extends RenewalWindow {
  /** A page for people: why the window is where it is. */
  readonly explanationUrl?: string
  /** When to ask again. */
  readonly retryAtMs: number
}

export interface RenewalInfoRequest {
  /** `renewalInfo` of the directory. */
  readonly url: string
  /** From certificateId(). */
  readonly id: string
  readonly transport: Transport
  readonly nowMs: number
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** RFC 9773 §4.3.1: sane bounds of what the CA asks for, so that neither it nor we are asked too much or forgotten. */
const minRetryMs = minuteMs
const maxRetryMs = 24 * hourMs
/** RFC 9773 §4.3.3: what an answer without Retry-After, or none at all, means. */
export const defaultRetryMs = 6 * hourMs

/**
 * Asks the CA when to renew a certificate: a GET without signature (RFC 9773 §4.1). Throws ACME_EDGE_ACME_UNREACHABLE,
 * ACME_EDGE_ACME_REFUSED, ACME_EDGE_ACME_RATE_LIMITED and, for an answer that makes no sense, ACME_EDGE_ACME_PROTOCOL; none
 * of them is a reason not to renew (see retryInfoAtMs).
 */
export async function fetchRenewalInfo(request: RenewalInfoRequest, signal: AbortSignal): Promise<RenewalInfo> {
  const { url, id, transport, nowMs } = request
  const response = await transport.send({ method: 'GET', url: `${url.replace(/\/$/, '')}/${id}` }, signal)
  if (response.status >= 400) throw refusal(response, { doing: 'to say when to renew' })
  const askedMs = parseRetryAfterMs(response.headers['retry-after'], nowMs)
  return { ...parseRenewalInfo(response.data), retryAtMs: nowMs + boundRetryMs(askedMs ?? defaultRetryMs) }
}

/** When to ask again after a failure: as its Retry-After says, else after six hours (RFC 9773 §4.3.3). */
export function retryInfoAtMs(error: unknown, nowMs: number): number {
  const retryAt = error instanceof EdgeError ? Date.parse(String(error.details.retryAt)) : Number.NaN
  return nowMs + boundRetryMs(Number.isNaN(retryAt) ? defaultRetryMs : retryAt - nowMs)
}

function parseRenewalInfo(data: unknown): Omit<RenewalInfo, 'retryAtMs'> {
  const object = parseObject(data, 'renewal information')
  if (!isObject(object.suggestedWindow)) throw senseless('without suggestedWindow')
  const [start, end] = [parseTime(object.suggestedWindow, 'start'), parseTime(object.suggestedWindow, 'end')]
  // §4.2: "clients MUST treat one as though they failed to receive any response".
  if (end <= start) throw senseless('whose window ends before it starts')
  const { explanationURL: explanationUrl } = object
  return { start, end, ...(isPage(explanationUrl) ? { explanationUrl } : {}) }
}

/** RFC 3339; Date.parse alone would take "1" for a year. */
const timePattern = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

function parseTime(object: Readonly<Record<string, unknown>>, member: string): number {
  const text = parseText(object, member, 'renewal information')
  const time = timePattern.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw senseless(`whose ${member} is no time`)
  return time
}

/** It ends in a log and a terminal: one line, no control bytes, a scheme that a browser opens without harm. */
function isPage(value: unknown): value is string {
  return typeof value === 'string' && /^https?:\/\/[\x21-\x7e]{1,500}$/.test(value) && URL.canParse(value)
}

function boundRetryMs(ms: number): number {
  return Math.min(Math.max(ms, minRetryMs), maxRetryMs)
}

function senseless(what: string): EdgeError {
  return new EdgeError('ACME_EDGE_ACME_PROTOCOL', `the CA sent renewal information ${what}`)
}
