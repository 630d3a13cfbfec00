/** First come, first served, in a ring that is large enough for all. */
export interface Lane {
  readonly length: () => number
  push(item: number): void
  /** The one that waits longest, without taking it; -1: none. */
  peek(): number
  shift(): void
  forEach(visit: (item: number) => void): void
}

export function createLane(capacity: number): Lane {
  const ring = new Int32Array(capacity)
  let [head, length] = [0, 0]
  return {
    length: () => length,
    push(item) {
      if (length === capacity) throw new RangeError('the lane is full')
      ring[(head + length) % capacity] = item
      length += 1
    },
    peek: () => (length === 0 ? -1 : (ring[head] as number)),
    shift() {
      head = (head + 1) % capacity
      length -= 1
    },
    forEach(visit) {
      for (let i = 0; i < length; i += 1) visit(ring[(head + i) % capacity] as number)
    },
  }
}
