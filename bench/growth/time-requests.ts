import type { RuleSet } from '../../src/waf/transaction-types.ts'
import { collectGarbage } from '../engine/collector-time.ts'
import { inspect } from '../engine/own-engine.ts'
import { type BenchRequest, showRequest } from '../requests/bench-request.ts'
import type { Point } from './series.ts'

const LEAST = 3
const BATCH_BYTES = 30 * 1024 * 1024
const LARGEST_BATCH = 200

/** A point that would take longer is left out, and the series ends. */
export const LONGEST_MS = 5_000

export interface RequestGrowth {
  readonly rules: RuleSet
  readonly seconds: number
  readonly xs: readonly number[]
  readonly make: (x: number) => BenchRequest
}

/** What a new request takes for each x, for so many seconds after as long a warm-up. */
export async function growRequests({ rules, seconds, xs, make }: RequestGrowth): Promise<Point[]> {
  const points: Point[] = []
  for (const x of xs) {
    const last = points.at(-1)
    const expectedUs = last === undefined ? 0 : (last.y * x) / last.x
    const isTried = expectedUs < LONGEST_MS * 1000
    const y = isTried ? await timeRequests(rules, { make: () => make(x), seconds }) : Number.NaN
    const note = `more than ${LONGEST_MS / 1000} s`
    points.push(Number.isNaN(y) ? { x, y, note, tooSlow: isTried } : { x, y })
    if (Number.isNaN(y)) break
  }
  return points
}

/** Processor time of a request, µs; NaN when one takes longer than the rule set's budget. Throws when a rule blocks one. */
export async function timeRequests(
  rules: RuleSet,
  { make, seconds }: { make: () => BenchRequest; seconds: number },
): Promise<number> {
  const batch = Math.max(LEAST, Math.min(LARGEST_BATCH, Math.floor(BATCH_BYTES / sizeOf(make()))))
  const warmUp = await timeFor(rules, { make, seconds, batch: 1, least: 1 })
  return Number.isNaN(warmUp) ? warmUp : timeFor(rules, { make, seconds, batch, least: LEAST })
}

interface TimeFor {
  readonly make: () => BenchRequest
  readonly seconds: number
  readonly batch: number
  readonly least: number
}

async function timeFor(rules: RuleSet, { make, seconds, batch, least }: TimeFor): Promise<number> {
  let count = 0
  let spentUs = 0
  while (count < least || spentUs < seconds * 1e6) {
    const requests = Array.from({ length: batch }, make)
    collectGarbage()
    const before = process.cpuUsage()
    for (const request of requests) {
      const { blocked, failed, ruleIds } = await inspect(rules, request)
      if (failed) return Number.NaN
      if (blocked) throw new Error(`a benign request was blocked by ${ruleIds}: ${showRequest(request)}`)
    }
    const { user, system } = process.cpuUsage(before)
    spentUs += user + system
    count += batch
  }
  return spentUs / count
}

function sizeOf({ headers, body, response }: BenchRequest): number {
  return headers.join('').length + (body?.length ?? 0) + response.body.length
}
