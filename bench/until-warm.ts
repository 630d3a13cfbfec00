/** A turn that is this much faster than the best before it says that something is still getting warm. */
const STILL_WARMING = 1.03

/**
 * Takes turns until one is hardly faster: V8 compiles what is used much, again and again, for some seconds.
 * @param turn returns how fast it was, in any unit in which more is faster; gets the best so far
 * @returns the best
 */
export async function untilWarm(
  mostTurns: number,
  turn: (best: number | undefined) => Promise<number>,
): Promise<number> {
  let best = await turn(undefined)
  for (let i = 1; i < mostTurns; i++) {
    const speed = await turn(best)
    const isWarm = speed < best * STILL_WARMING
    best = Math.max(best, speed)
    if (isWarm) break
  }
  return best
}
