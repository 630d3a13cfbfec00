/** The first Ctrl-C withdraws what is published and leaves in order; the second one ends the process as usual. */
export function watchInterruption(): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const abort = () => controller.abort()
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, abort)
  return {
    signal: controller.signal,
    end: () => {
      for (const signal of signals) process.removeListener(signal, abort)
    },
  }
}
