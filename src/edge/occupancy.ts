/** Counts the exchanges that are going on in a generation, so that nothing is closed under one of them. */
export class Occupancy {
  #count = 0
  #emptied: PromiseWithResolvers<void> | undefined

  enter(): void {
    this.#count++
  }

  leave(): void {
    this.#count--
    if (this.#count === 0) this.#emptied?.resolve()
  }

  /** Resolves when the last exchange has left; to be asked when no new one can enter. */
  whenEmpty(): Promise<void> {
    if (this.#count === 0) return Promise.resolve()
    this.#emptied ??= Promise.withResolvers()
    return this.#emptied.promise
  }
}
