/** The others have to wait for the next turn of the event loop: sockets and timers come in between. */
const LARGEST_GROUP = 64
/** A group that grows with every look is not waited for any longer. */
const MOST_TURNS = 8

/**
 * One part of an exchange's way that exchanges go through together, in the order in which they came. Rules, HTTP parser, and
 * kernel do not fit the processor's caches side by side: exchanges one after the other through all of them fetch each
 * anew (docs/decisions/0007-stages.md).
 */
export class Stage {
  #waiting: (() => void)[] = []
  /** As of the last look. */
  #seen = 0
  #turns = 0

  /** Resolves when the sockets that are ready have been read, and a second look has found no more. */
  enter(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting.push(resolve) === 1) this.#gather()
    })
  }

  #gather(): void {
    this.#seen = 0
    this.#turns = 0
    setImmediate(this.#look)
  }

  /** Once in a turn of the event loop, after its sockets: who has not come between two looks is not about to come. */
  readonly #look = (): void => {
    const { length } = this.#waiting
    const hasGrown = length > this.#seen
    if (!hasGrown || length >= LARGEST_GROUP || ++this.#turns === MOST_TURNS) return this.#open()
    this.#seen = length
    setImmediate(this.#look)
  }

  #open(): void {
    const group = this.#waiting.splice(0, LARGEST_GROUP)
    if (this.#waiting.length > 0) this.#gather()
    for (const goOn of group) goOn()
  }
}

/** Before a request is inspected: its head, and its body once that is there. */
export const requestStage = new Stage()
/** Before a response is inspected. */
export const responseStage = new Stage()
