export interface BudgetLimits {
  /** After this long the event loop gets its turn. Stops one request from holding up all others. */
  readonly sliceMs: number
  /** Computing time of one phase. Stops a request that was made to be slow to inspect: it fails closed. */
  readonly phaseMs: number
}

/** Thrown out of a rule when the phase has used up its time. */
export class OutOfTime extends Error {
  constructor(limitMs: number) {
    super(`inspection took longer than ${limitMs} ms in one phase`)
    this.name = 'OutOfTime'
  }
}

/** Work of this many bytes may pass inside one rule before the clock is read again. */
const BYTES_PER_CHECK = 4096
/** What looking at a value costs, however short it is. */
const BYTES_PER_VALUE = 64

/** Counts the computing time of a phase; time spent suspended does not count. */
export class Budget {
  readonly #elapsed: () => number
  readonly #limits: BudgetLimits
  #usedMs = 0
  #sliceStart = 0
  #bytes = 0
  #isOver = false

  constructor(elapsed: () => number, limits: BudgetLimits) {
    this.#elapsed = elapsed
    this.#limits = limits
  }

  beginPhase(): void {
    this.#usedMs = 0
    this.resume()
  }

  resume(): void {
    this.#sliceStart = this.#elapsed()
    this.#isOver = false
  }

  /** Whether it is time to suspend, after work on that many bytes; throws `OutOfTime` when the phase has had its share. */
  isSliceOver(bytes: number): boolean {
    this.spend(bytes)
    return this.#isOver
  }

  #readClock(): void {
    const sliceMs = this.#elapsed() - this.#sliceStart
    if (this.#usedMs + sliceMs > this.#limits.phaseMs) throw this.outOfTime()
    this.#isOver = sliceMs > this.#limits.sliceMs
  }

  /** What is left of the phase's computing time; call it while suspended. */
  get leftMs(): number {
    return this.#limits.phaseMs - this.#usedMs
  }

  /** Adds time that was spent elsewhere, while suspended; throws `OutOfTime` when the phase has had its share. */
  charge(usedMs: number): void {
    this.#usedMs += usedMs
    if (this.#usedMs > this.#limits.phaseMs) throw this.outOfTime()
  }

  outOfTime(): OutOfTime {
    return new OutOfTime(this.#limits.phaseMs)
  }

  suspend(): void {
    this.#usedMs += this.#elapsed() - this.#sliceStart
  }

  /** Whether the slice was over when the clock was last read. */
  get isDue(): boolean {
    return this.#isOver
  }

  /** Lets others have their turn, and begins a new slice. */
  async giveWay(): Promise<void> {
    this.suspend()
    await new Promise((resolve) => setImmediate(resolve))
    this.resume()
  }

  /** Notes a value of that many bytes; now and then reads the clock, for rules that look at thousands of values. */
  spend(bytes: number): void {
    this.#bytes += bytes + BYTES_PER_VALUE
    if (this.#bytes < BYTES_PER_CHECK) return
    this.#bytes = 0
    this.#readClock()
  }
}
