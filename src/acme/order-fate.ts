import { EdgeError } from '../errors.ts'
import { findProblem } from './problem.ts'

/** How far an order has come: it may have reached the CA from `sent` on, and has an address from `placed` on. */
export type OrderStage = 'unsent' | 'sent' | 'placed'

/** Whether nothing can come of the order any more. */
export function isOver(error: unknown, stage: OrderStage): boolean {
  if (stage === 'unsent') return true
  if (stage === 'placed') return isFinal(error)
  const isRefused = statusOf(error) >= 400 && statusOf(error) < 500
  return isRefused || (error instanceof EdgeError && notSentCodes.has(error.code))
}

const notSentCodes = new Set(['ACME_EDGE_ACME_PROTOCOL', 'ACME_EDGE_ACME_PROFILE_UNKNOWN'])

/** Whether trying the same order again is pointless. */
export function isFinal(error: unknown): boolean {
  const status = statusOf(error)
  const isRefused = status >= 400 && status < 500 && status !== 429
  return isRefused || (error instanceof EdgeError && error.code === 'ACME_EDGE_ACME_PROTOCOL')
}

/** Whether the CA may have done what it was asked for without our knowing. */
export function isAnswerLost(error: unknown): boolean {
  return statusOf(error) >= 500 || (error instanceof EdgeError && error.code === 'ACME_EDGE_ACME_UNREACHABLE')
}

function statusOf(error: unknown): number {
  return findProblem(error)?.status ?? 0
}
