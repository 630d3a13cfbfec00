/**
 * Numbers that look random and are the same in every replica and after every restart: what is drawn from them needs no
 * state and no agreement. They spread load and guard nothing.
 */

/** 32 bits of a text (FNV-1a, then mixed): the seed of all that is drawn for one certificate. */
export function seedOf(text: string): number {
  let state = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) state = Math.imul(state ^ text.charCodeAt(i), 0x01000193)
  return mix(state)
}

/** A fraction from 0 to below 1 of a seed and a whole number (up to 2⁵³) that says what it is drawn for. */
export function fractionOf(seed: number, purpose: number): number {
  const low = purpose >>> 0
  const high = Math.floor(purpose / 0x1_0000_0000) >>> 0
  return mix(seed ^ mix(low ^ mix(high + 0x9e3779b9))) / 0x1_0000_0000
}

/** The last step of MurmurHash3: every bit of the number changes half of the result's. */
function mix(value: number): number {
  let state = value
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return (state ^ (state >>> 16)) >>> 0
}
