/** A place in the queue: who is more urgent goes first. */
interface Waiting {
  /** Smaller is more urgent. */
  readonly rank: number
  enter(): void
}

/**
 * So many pieces of work at a time. A start with a thousand certificates to get must not open a thousand orders at once, and
 * the one that ends first must not wait for the other 999.
 */
export class Lanes {
  #free: number
  readonly #waiting: Waiting[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Runs the work when a lane is free. Throws the signal's reason when it aborts first. */
  async run<T>(work: () => Promise<T>, { rank, signal }: { rank: number; signal: AbortSignal }): Promise<T> {
    await this.#enter(rank, signal)
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  #enter(rank: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(signal.reason)
      }
      const waiting = {
        rank,
        enter() {
          signal.removeEventListener('abort', abort)
          resolve()
        },
      }
      signal.addEventListener('abort', abort, { once: true })
      const place = this.#waiting.findIndex((other) => other.rank > rank)
      if (place < 0) this.#waiting.push(waiting)
      else this.#waiting.splice(place, 0, waiting)
    })
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next.enter()
  }
}
