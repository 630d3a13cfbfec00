/** Lets waits end early. */
export class Wakeable {
  #count = 0
  #next = Promise.withResolvers<void>()

  /** How often `wake` was called: taken before one looks whether waiting is needed, so that no call falls in between. */
  get count(): number {
    return this.#count
  }

  wake(): void {
    this.#count++
    this.#next.resolve()
    this.#next = Promise.withResolvers<void>()
  }

  /** Resolves at the first `wake` since `count`, or after `atMostMs`. Throws the signal's reason when it aborts. */
  async after(count: number, atMostMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (count !== this.#count) return
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
