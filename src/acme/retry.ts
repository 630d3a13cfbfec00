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

/** Reads a resource until `isDone`; waits as its Retry-After says, within bounds, else ever longer. `read` retries by itself. */
export async function pollUntil<T extends { readonly response: AcmeResponse }>(
  options: { readonly read: () => Promise<T>; readonly isDone: (value: T) => boolean },
  signal: AbortSignal,
): Promise<T> {
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
