/** Random numbers that a seed repeats. */
export interface Random {
  /** Below `limit`, a whole number. */
  below(limit: number): number
  pick<T>(list: readonly T[]): T
}

/** Marsaglia's xorshift with 32 bits of state: enough to vary tests. */
export function randomFrom(seed: number): Random {
  let state = seed | 0 || 1
  const below = (limit: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % limit
  }
  return {
    below,
    pick<T>(list: readonly T[]): T {
      return list[below(list.length)] as T // below its length
    },
  }
}
