import { addPosition, nextPosition, positionSet } from './position-set.ts'

/**
 * Where a phase goes while every gate does what was foreseen and no other rule jumps: known beforehand, so that of a hundred
 * gates none has to be looked at.
 */
export class MainPath {
  /** By position, and once more for the end: 1 on the path. */
  readonly isOn: Uint8Array
  /** By position: that of the last gate before it which is met; -1: none. */
  readonly lastGate: Int32Array
  /** Rules on the path that are evaluated whatever the values are. */
  readonly #stops: number[]

  /** @param jumps by position: where a gate that is met leads to; -1 for all else */
  constructor(jumps: Int32Array, isAlwaysVisited: (position: number) => boolean) {
    const count = jumps.length
    this.isOn = new Uint8Array(count + 1)
    this.lastGate = new Int32Array(count + 1)
    this.#stops = positionSet(new Array<boolean>(count).fill(false))
    let last = -1
    let position = 0
    while (position < count) {
      this.isOn[position] = 1
      this.lastGate[position] = last
      const target = jumps[position] ?? -1
      if (target !== -1) last = position
      else if (isAlwaysVisited(position)) addPosition(this.#stops, position)
      position = target === -1 ? position + 1 : target
    }
    this.isOn[count] = 1
    this.lastGate[count] = last
  }

  /** The rules to stop at, for one transaction to add its own. */
  stops(): number[] {
    return this.#stops.slice()
  }

  next(stops: readonly number[], position: number): number {
    let next = nextPosition(stops, position)
    while (this.isOn[next] === 0) next = nextPosition(stops, next + 1)
    return next
  }
}
