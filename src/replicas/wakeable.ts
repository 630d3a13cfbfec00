/** Lets waits end early. */
export class Wakeable {
  #next = Promise.withResolvers<void>()

  /** Ends every wait of now. */
  wake(): void {
    this.#next.resolve()
    this.#next = Promise.withResolvers<void>()
  }

  /** Resolves at the next `wake` or after `atMostMs`. Throws the signal's reason when it aborts. */
  async next(atMostMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const late = Promise.withResolvers<void>()
    const timer = setTimeout(late.resolve, atMostMs)
    const abort = () => late.reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      await Promise.race([this.#next.promise, late.promise])
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }
}
