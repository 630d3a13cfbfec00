/** Sets of positions in a list of rules, as bits of 32-bit numbers. */
const BITS = 5
const LOW = 31

/** @param isMember by position; one beyond the last is there always, so that a search comes to an end */
export function positionSet(isMember: readonly boolean[]): number[] {
  const words = new Array<number>((isMember.length >> BITS) + 1).fill(0)
  for (const [position, is] of isMember.entries()) if (is) addPosition(words, position)
  addPosition(words, isMember.length)
  return words
}

export function addPosition(words: number[], position: number): void {
  const index = position >> BITS
  words[index] = (words[index] ?? 0) | (1 << (position & LOW))
}

/** The first position of the set that is not before `from`, which is not beyond the last. */
export function nextPosition(words: readonly number[], from: number): number {
  let index = from >> BITS
  let word = (words[index] ?? 0) & (-1 << (from & LOW))
  while (word === 0) word = words[++index] ?? 1
  return (index << BITS) | (LOW - Math.clz32(word & -word))
}
