import { EdgeError } from '../errors.ts'

/** Ends a piece of work at its next step once the signal has fired. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError(signal)
}

/** What an aborted signal means to the person who waits: time ran out, or somebody interrupted. */
export function abortError(signal: AbortSignal): EdgeError {
  const { reason } = signal
  if (reason instanceof EdgeError) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    const message =
      'the time allowed ran out before the CA was done; run the command again to resume, or allow more time'
    return new EdgeError('ACME_EDGE_ACME_TIMEOUT', message, { cause: reason })
  }
  const message = 'interrupted; account and keys are kept, and running the command again resumes the order'
  return new EdgeError('ACME_EDGE_ACME_ABORTED', message, { cause: reason })
}
