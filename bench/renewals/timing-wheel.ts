/** Things by the minute at which they are due: one list a minute, linked both ways, so that any can be moved. */
export interface TimingWheel {
  /** Puts one there, or moves it; beyond the end it is kept nowhere. A minute that was taken empty: the next one. */
  put(item: number, minute: number): void
  remove(item: number): void
  /** Takes those of a minute, one after the other; -1: none is left. Minutes are taken in their order. */
  take(minute: number): number
}

const nowhere = -1

/** The columns of one item lie side by side: a random item costs one line of memory, not three. */
const width = 4
const next = 0
const previous = 1
const place = 2

export function createTimingWheel(items: number, minutes: number): TimingWheel {
  const first = new Int32Array(minutes).fill(nowhere)
  const links = new Int32Array(items * width).fill(nowhere)
  let earliest = 0

  function remove(item: number): void {
    const row = item * width
    const minute = links[row + place] as number // every item has one
    if (minute === nowhere) return
    const [before, after] = [links[row + previous] as number, links[row + next] as number]
    if (before === nowhere) first[minute] = after
    else links[before * width + next] = after
    if (after !== nowhere) links[after * width + previous] = before
    links[row + place] = nowhere
  }

  return {
    remove,
    put(item, minute) {
      remove(item)
      const at = Math.max(minute, earliest)
      if (at >= minutes) return
      const row = item * width
      const after = first[at] as number
      links[row + next] = after
      links[row + previous] = nowhere
      if (after !== nowhere) links[after * width + previous] = item
      first[at] = item
      links[row + place] = at
    },
    take(minute) {
      const item = first[minute] as number
      if (item === nowhere) earliest = minute + 1
      else remove(item)
      return item
    },
  }
}
