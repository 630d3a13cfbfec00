import { ActiveChallenges } from '../../src/challenge/active-challenges.ts'
import type { ActiveChallenge } from '../../src/challenge/publisher.ts'
import type { HostName } from '../../src/http.ts'
import { collectGarbage } from '../engine/collector-time.ts'
import type { Point, Series } from './series.ts'
import { timeCalls } from './time-calls.ts'

const counts = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
/** Few enough that the processor's cache holds them, as it holds what a CA asks for twice. */
const ASKED = 500
const common = { xUnit: 'active challenges', expectation: 'constant' } as const

export const byChallenges: readonly Series[] = [
  {
    ...common,
    name: 'challenge-look-up',
    title: 'look-up among active challenges',
    yUnit: 'ns',
    measure: async () => {
      return grow((table, count) => {
        const asked = Array.from({ length: ASKED }, (_, i) => challenge((i * 7919) % count))
        return timeCalls(20_000, (i) => {
          const { host, token } = asked[i % ASKED] as ActiveChallenge // there are as many
          return table.find(host, token)
        })
      })
    },
  },
  {
    ...common,
    name: 'challenge-publish',
    title: 'publishing and withdrawing among active challenges',
    yUnit: 'ns',
    measure: async () => {
      return grow((table, count) =>
        timeCalls(5_000, (i) => {
          const one = challenge(count + i)
          table.publish(one)
          table.withdraw(one)
        }),
      )
    },
  },
]

function grow(measure: (table: ActiveChallenges, count: number) => number): Point[] {
  const table = new ActiveChallenges()
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  let published = 0
  return counts.map((x) => {
    while (published < x) table.publish(challenge(published++))
    collectGarbage()
    const bytes = (process.memoryUsage().heapUsed - before) / x
    return { x, y: measure(table, x), ...(x >= 10_000 ? { note: `${Math.round(bytes)} bytes each` } : {}) }
  })
}

function challenge(i: number): ActiveChallenge {
  const token = `token-${i}-0123456789-0123456789`
  const host = `shop-${i}.example` as HostName // canonical as it is
  return { host, token, keyAuthorization: `${token}.thumbprint`, expiresAtMs: Number.MAX_SAFE_INTEGER }
}
