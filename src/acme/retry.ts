import { setTimeout as sleep } from 'node:timers/promises'
import { EdgeError } from '../errors.ts'
import { abortError } from './abort.ts'
import { findProblem } from './problem.ts'
import { parseRetryAfterMs } from './retry-after.ts'
import type { AcmeResponse } from './transport.ts'

/** A CA may ask for hours; while a person waits we look again after half a minute. */
const maxWaitMs = 30_000
const minWaitMs = 100
const firstWaitMs = 250
const attempts = 4
/**
 * Between asking a CA for work (a validation, a signature) and the first look whether it is done. A look at once comes before the
 * CA is done, and its `Retry-After` then costs a second or more. Pebble with a running edge needs well below 100 ms for either;
 * a CA that needs longer answers the first look with its own time to wait.
 */
const headStartMs = 100

/** Repeats what may be repeated (reading, or asking for what exists already) while the CA is out of reach or at fault. */
export async function retrySafely<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt === attempts || !isTransient(error)) throw error
      await pause(waitMsAfter(error, attempt), signal)
    }
  }
}

export interface PollOptions<T> {
  /** Retries by itself. */
  readonly read: () => Promise<T>
  readonly isDone: (value: T) => boolean
  /** Whether the CA was asked for the work a moment ago: the first look then waits for 100 ms. */
  readonly isJustAsked: boolean
}

/** Reads a resource until `isDone`; waits between looks as its Retry-After says, within bounds, else ever longer. */
export async function pollUntil<T extends { readonly response: AcmeResponse }>(
  options: PollOptions<T>,
  signal: AbortSignal,
): Promise<T> {
  if (options.isJustAsked) await pause(headStartMs, signal)
  for (let waitMs = firstWaitMs; ; waitMs *= 1.5) {
    const value = await options.read()
    if (options.isDone(value)) return value
    const askedMs = parseRetryAfterMs(value.response.headers['retry-after'], Date.now())
    await pause(askedMs ?? waitMs, signal)
  }
}

/**
 * Sends what must not be sent twice without looking (RFC 8555 §7.4, §7.5.1: the answer may be lost, the request done):
 * after a failure `isPending`, which retries by itself, asks the CA whether it is still to do.
 */
export async function sendOnce(
  options: { readonly send: () => Promise<unknown>; readonly isPending: () => Promise<boolean> },
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await options.send()
      return
    } catch (error) {
      if (attempt === attempts || !isTransient(error)) throw error
      await pause(waitMsAfter(error, attempt), signal)
      if (!(await options.isPending())) return
    }
  }
}

function isTransient(error: unknown): boolean {
  if (error instanceof EdgeError && error.code === 'ACME_EDGE_ACME_UNREACHABLE') return true
  const status = findProblem(error)?.status ?? 0
  // Too many requests at a time is over in a moment, and the CA says when; too many orders are not.
  if (status === 429) return (retryAtOf(error) ?? Number.POSITIVE_INFINITY) - Date.now() <= maxWaitMs
  return status >= 500 && status <= 599
}

/** As long as the CA asked for (RFC 9110 §10.2.3), else ever longer. */
function waitMsAfter(error: unknown, attempt: number): number {
  const retryAtMs = retryAtOf(error)
  return retryAtMs === undefined ? firstWaitMs * 2 ** (attempt - 1) : retryAtMs - Date.now()
}

function retryAtOf(error: unknown): number | undefined {
  const retryAtMs = error instanceof EdgeError ? Date.parse(String(error.details.retryAt)) : Number.NaN
  return Number.isNaN(retryAtMs) ? undefined : retryAtMs
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(Math.min(Math.max(ms, minWaitMs), maxWaitMs), undefined, { signal })
  } catch {
    throw abortError(signal)
  }
}
