import { detach } from '../../src/waf/detach.ts'
import type { RuleSet } from '../../src/waf/transaction-types.ts'
import { type BenchRequest, showRequest } from '../requests/bench-request.ts'
import { ageObjects, type CollectorTime, collectGarbage } from './collector-time.ts'
import { inspect } from './own-engine.ts'

export interface OwnTimes {
  /** Microseconds of each transaction. */
  readonly us: number[]
  /** Processor time of one, the collector's helper threads included. */
  readonly cpuUs: number
  readonly collectorShare: number
}

interface TimeOptions {
  /** Makes so many requests, before the clock starts. */
  readonly make: (count: number) => readonly BenchRequest[]
  readonly seconds: number
  /** How many are made at once: memory bounds it. */
  readonly batch: number
  readonly collector: CollectorTime
}

/** Runs batches until the transactions alone have taken so long. Throws when one is blocked or logs a rule. */
export async function timeOwn(rules: RuleSet, options: TimeOptions): Promise<OwnTimes> {
  const us: number[] = []
  let spentMs = 0
  let collectorMs = 0
  let cpuUs = 0
  while (spentMs < options.seconds * 1000) {
    const requests = options.make(options.batch).map(asReceived)
    // Once: a collection that nobody needs makes V8 throw compiled patterns away.
    if (us.length === 0) collectGarbage()
    ageObjects()
    const before = process.cpuUsage()
    const startedAt = performance.now()
    await timeBatch(rules, requests, us)
    const endedAt = performance.now()
    const { user, system } = process.cpuUsage(before)
    cpuUs += user + system
    spentMs += endedAt - startedAt
    collectorMs += await options.collector.between(startedAt, endedAt)
  }
  return { us, cpuUs: cpuUs / us.length, collectorShare: collectorMs / spentMs }
}

/** Texts in one piece each, as a parser of HTTP makes them: V8 keeps what was put together as its parts until somebody reads it. */
function asReceived(request: BenchRequest): BenchRequest {
  return { ...request, target: detach(request.target), headers: request.headers.map(detach) }
}

async function timeBatch(rules: RuleSet, requests: readonly BenchRequest[], us: number[]): Promise<void> {
  for (const request of requests) {
    const startedAt = performance.now()
    const { blocked, ruleIds } = await inspect(rules, request)
    us.push((performance.now() - startedAt) * 1000)
    if (blocked) throw new Error(`a benign request was blocked by ${ruleIds}: ${showRequest(request)}`)
  }
}
