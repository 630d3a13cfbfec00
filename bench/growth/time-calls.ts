import { median } from '../statistics.ts'

const ROUNDS = 7

/** Nanoseconds of one call among many, the median of some rounds; `call` gets a number that grows. */
export function timeCalls(count: number, call: (i: number) => unknown): number {
  const rounds: number[] = []
  let kept: unknown // so that no call is left out as useless
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now()
    for (let i = 0; i < count; i++) kept = call(round * count + i)
    rounds.push(((performance.now() - startedAt) * 1e6) / count)
  }
  if (kept === call) throw new Error('never')
  return median(rounds)
}
