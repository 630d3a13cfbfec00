const SLICE_MS = 10

/** For long work at load: lets requests have their turn while a reload compiles a thousand rules. */
export class Turns {
  readonly #elapsed: () => number
  #sliceStart: number

  constructor(elapsed: () => number) {
    this.#elapsed = elapsed
    this.#sliceStart = elapsed()
  }

  /** Whether it is time to `await giveUp()`. */
  isOver(): boolean {
    return this.#elapsed() - this.#sliceStart > SLICE_MS
  }

  async giveUp(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#sliceStart = this.#elapsed()
  }
}
