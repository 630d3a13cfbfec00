/** The others have to wait for the next turn of the event loop: sockets and timers come in between. */
const LARGEST_GROUP = 64

/**
 * One part of an exchange's way that all exchanges of a turn of the event loop go through together, in the order in which
 * they came. Rules, HTTP parser, and kernel do not fit the processor's caches side by side: exchanges one after the other
 * through all of them fetch each anew (docs/decisions/0007-stages.md).
 */
export class Stage {
  #waiting: (() => void)[] = []

  /** Resolves when the sockets that are ready have been read. */
  enter(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) setImmediate(this.#open)
    })
  }

  readonly #open = (): void => {
    const group = this.#waiting.splice(0, LARGEST_GROUP)
    if (this.#waiting.length > 0) setImmediate(this.#open)
    for (const goOn of group) goOn()
  }
}

/** Before a request is inspected: its head, and its body once that is there. */
export const requestStage = new Stage()
/** Before a response is inspected. */
export const responseStage = new Stage()
