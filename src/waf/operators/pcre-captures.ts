interface Frame {
  /** Its number, if it captures. */
  readonly number: number | undefined
  /** Index of its first piece in the output. */
  readonly start: number
  /** Whether what it holds is part of what matches: not so for look-around. */
  readonly consumes: boolean
  alternatives: number
  /** Groups that have captured something wherever the current alternative has come this far. */
  certain: number[]
}

/**
 * Which groups have certainly captured something at a place of a pattern. Only to those can a reference be translated:
 * where a group has not taken part, a reference fails in PCRE and matches the empty text in V8.
 */
export class PcreCaptures {
  readonly #frames: Frame[] = [{ number: undefined, start: 0, consumes: true, alternatives: 1, certain: [] }]
  readonly #closed = new Map<number, number>()
  #count = 0
  /** What the last piece added, in case that it is repeated. */
  #last: readonly number[] = []

  open(group: { readonly captures: boolean; readonly consumes: boolean; readonly start: number }): void {
    if (group.captures) this.#count++
    const number = group.captures ? this.#count : undefined
    this.#frames.push({ number, start: group.start, consumes: group.consumes, alternatives: 1, certain: [] })
  }

  alternative(): void {
    const frame = this.#frames.at(-1)
    if (frame === undefined) return
    frame.alternatives++
    frame.certain = []
  }

  close(): void {
    const frame = this.#frames.pop()
    const outer = this.#frames.at(-1)
    if (frame === undefined || outer === undefined) return
    const inner = frame.alternatives === 1 ? frame.certain : []
    const added = frame.number === undefined ? inner : [...inner, frame.number]
    if (frame.number !== undefined) this.#closed.set(frame.number, frame.start)
    this.#last = frame.consumes ? added : []
    outer.certain.push(...this.#last)
  }

  /** Another piece than a group has been written. */
  piece(): void {
    this.#last = []
  }

  /** The last piece may be left out, or come again with nothing: then V8 and PCRE differ in what a group holds. */
  repeat(): void {
    const frame = this.#frames.at(-1)
    if (frame !== undefined) frame.certain = frame.certain.filter((number) => !this.#last.includes(number))
  }

  /** Index of the first piece of a group that a reference can be made to here; `undefined` where it cannot. */
  referable(number: number): number | undefined {
    return this.#frames.some(({ certain }) => certain.includes(number)) ? this.#closed.get(number) : undefined
  }
}
