import { mean } from '../statistics.ts'
import type { MemorySample } from './memory.ts'

/**
 * Bytes of peak memory for each request more, by least squares over the second half of the samples: a heap grows to its
 * working size at first, a leak goes on. NaN of too few samples.
 */
export function growthPerRequest(samples: readonly MemorySample[]): number {
  const half = samples.slice(Math.ceil(samples.length / 2))
  const middleX = mean(half.map(({ requests }) => requests))
  const middleY = mean(half.map(({ peakBytes }) => peakBytes))
  let [above, below] = [0, 0]
  for (const { requests, peakBytes } of half) {
    above += (requests - middleX) * (peakBytes - middleY)
    below += (requests - middleX) ** 2
  }
  return above / below
}
