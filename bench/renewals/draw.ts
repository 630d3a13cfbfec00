/** A fraction from 0 to below 1, another one each time, repeated by its seed. */
export type Draw = () => number

/** 32 bits of state that go through all their values (a Weyl sequence), mixed as MurmurHash3 does. */
export function createDraw(seed: number): Draw {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 0x1_0000_0000
  }
}
