import { isExempt, type LimitName } from '../../src/acme/budget/ca-limits.ts'
import { freeAtMs, giveBack, type Limit, take } from '../../src/acme/budget/token-bucket.ts'
import { emergencyAtMs, latestRenewalMs } from '../../src/acme/renewal/lifetime.ts'
import { backOffMs, hastenMs } from '../../src/acme/renewal/next-attempt.ts'
import { paceOf } from '../../src/acme/renewal/pace.ts'
import { pointOfLifeMs, pointOfWindowMs } from '../../src/acme/renewal/renew-at.ts'
import { isMovedToPast } from '../../src/acme/renewal/renewal-state.ts'
import { fractionOf } from '../../src/acme/renewal/spread.ts'
import { createDraw } from './draw.ts'
import { createFleet, toMs } from './fleet.ts'
import { createLane, type Lane } from './lane.ts'
import { dayMs, minuteMs, type Scenario } from './scenario.ts'
import { createSimulatedCa, type OrderKind } from './simulated-ca.ts'
import { createTimingWheel } from './timing-wheel.ts'

/** What happened. */
export interface Outcome {
  /** Orders that reached the CA, by the hour since the start. */
  readonly ordersOfHour: Int32Array
  readonly orders: number
  readonly issued: number
  /** Attempts that found the CA down. */
  readonly unreached: number
  readonly failedValidations: number
  readonly askedForWindows: number
  /** Certificates that ended before their successor came. */
  readonly expired: number
  /** Least that was left of a certificate when its successor came, as days and as a part of its life. */
  readonly leastLeft: { readonly days: number; readonly ofLife: number }
  readonly broken: ReadonlyMap<LimitName, number>
  readonly moved: number
  readonly replacedInTime: number
  /** Whose host was broken, so that nobody could have replaced them in time. */
  readonly hinderedByHost: number
  /** From the move of the windows to the last replacement. */
  readonly replacedAfterMs: number
  readonly longestQueue: number
  /** From a new name's coming to its certificate. */
  readonly longestWaitMs: number
  readonly held: number
}

/** Where a certificate is: in the wheel (or nowhere), or in one of the lanes. */
const inWheel = 0
const inNormalLane = 1
const inUrgentLane = 2
const inNewLane = 3

const batchesADay = 24
const minutesADay = 24 * 60

/**
 * Runs the scheduler through a scenario, a minute at a time: what is due goes into a lane (urgent, new names, renewals that can
 * wait), and each lane sends while the budget allows. All decisions about time and limits are those of the program.
 */
export function simulate(scenario: Scenario): Outcome {
  const minutes = scenario.days * minutesADay
  const fleet = createFleet(scenario, createDraw(scenario.seed))
  const ca = createSimulatedCa(scenario, fleet, createDraw(scenario.seed + 1))
  const draw = createDraw(scenario.seed + 2)
  const { size, lives, arrival, domain } = fleet
  const { accounts } = scenario
  const wheel = createTimingWheel(size, minutes)
  const laneSize = 2 * Math.ceil(size / accounts) + 16
  const lanesOf = () => Array.from({ length: accounts }, () => createLane(laneSize))
  const lanes = { urgent: lanesOf(), fresh: lanesOf(), normal: lanesOf() }

  // What the program keeps of a certificate (RenewalState), in columns; times in minutes since the start.
  const place = new Uint8Array(size)
  /** In pairs, as the CA's. */
  const known = new Int32Array(size * 2).fill(-1)
  const isHastened = new Uint8Array(size)
  const failures = new Uint8Array(size)
  const nextAttempt = new Int32Array(size)
  // And of the budget.
  const buckets = {
    account: new Float64Array(accounts),
    pace: new Float64Array(accounts),
    domain: new Float64Array(size),
    set: new Float64Array(size),
    host: new Map<number, number>(),
  }
  const { limits } = scenario.ca
  const counted = countedLimits(scenario)
  const brokenUntil = new Map<number, number>()
  const wasHindered = new Set<number>()

  const ordersOfHour = new Int32Array(scenario.days * 24)
  const totals = {
    orders: 0,
    issued: 0,
    unreached: 0,
    failedValidations: 0,
    asked: 0,
    expired: 0,
    held: 0,
    lifeMinutes: 0,
  }
  const replaced = { moved: 0, inTime: 0, late: 0, hindered: 0, lastMinute: 0 }
  const worst = { leftMinutes: Number.POSITIVE_INFINITY, leftOfLife: 1, queue: 0, waitMinutes: 0 }
  let pace: Limit = paceOf({ certificates: 0, renewalIntervalMs: 0 })
  let nowMinute = 0
  let nowMs = scenario.startMs
  let arrivalAtMs = nowMs

  const birthOf = (item: number): number => lives[item * 2] as number
  const endOf = (item: number): number => lives[item * 2 + 1] as number
  const knownEndOf = (item: number): number => known[item * 2 + 1] as number
  const accountOf = (item: number): number => item % accounts
  const laneOf = (kind: Lane[], item: number): Lane => kind[accountOf(item)] as Lane
  /** A certificate's id, in one number: which names it has, and when it was born. */
  const seedOf = (item: number): number =>
    Math.floor(fractionOf(item + scenario.seed, birthOf(item) + minutesADay * 365) * 2 ** 32)

  function plannedMinute(item: number): number {
    const [fromMs, toEndMs] = [toMs(scenario, birthOf(item)), toMs(scenario, endOf(item))]
    const seed = seedOf(item)
    const [start, end] = [known[item * 2] as number, knownEndOf(item)]
    const ms =
      end === -1
        ? pointOfLifeMs(seed, fromMs, toEndMs)
        : Math.min(pointOfWindowMs(seed, toMs(scenario, start), toMs(scenario, end)), emergencyAtMs(fromMs, toEndMs))
    return Math.ceil((ms - scenario.startMs) / minuteMs)
  }

  function plan(item: number): void {
    place[item] = inWheel
    wheel.put(item, Math.max(plannedMinute(item), nextAttempt[item] as number))
  }

  function isUrgent(item: number): boolean {
    if (isHastened[item] === 1) return true
    return nowMs >= emergencyAtMs(toMs(scenario, birthOf(item)), toMs(scenario, endOf(item)))
  }

  /** The CA's answer about one certificate (see afterInfo). */
  function learn(item: number): void {
    const end = knownEndOf(item)
    const expectedMs =
      end === -1 ? latestRenewalMs(toMs(scenario, birthOf(item)), toMs(scenario, endOf(item))) : toMs(scenario, end)
    hear(item)
    if (isMovedToPast(toMs(scenario, knownEndOf(item)), expectedMs, nowMs)) isHastened[item] = 1
    if (place[item] === inWheel) plan(item)
    else if (place[item] === inNormalLane && isHastened[item] === 1) enter(item)
  }

  function hear(item: number): void {
    known[item * 2] = ca.windows[item * 2] as number
    known[item * 2 + 1] = ca.windows[item * 2 + 1] as number
  }

  /** One of the day's batches; a certificate is in the same one every day. */
  function askBatch(batch: number): void {
    const [from, to] = [Math.floor((size * batch) / batchesADay), Math.floor((size * (batch + 1)) / batchesADay)]
    const { windows } = ca
    for (let i = from * 2; i < to * 2; i += 2) {
      if (windows[i] !== known[i] || windows[i + 1] !== known[i + 1]) learn(i / 2)
    }
    totals.asked += to - from
  }

  function enter(item: number): void {
    if (endOf(item) === 0) {
      place[item] = inNewLane
      laneOf(lanes.fresh, item).push(item)
    } else if (isUrgent(item)) {
      place[item] = inUrgentLane
      laneOf(lanes.urgent, item).push(item)
    } else {
      place[item] = inNormalLane
      laneOf(lanes.normal, item).push(item)
    }
  }

  /** What waited in the lane of those that can wait until it no longer could. */
  function promote(lane: Lane): void {
    lane.forEach((item) => {
      if (place[item] === inNormalLane && isUrgent(item)) enter(item)
    })
  }

  /** Sends while the budget allows; an entry whose certificate has since moved to another lane is passed over. */
  function drain(lane: Lane, own: number): void {
    for (let item = lane.peek(); item !== -1; item = lane.peek()) {
      if (place[item] === own) {
        const freeMs = laneFreeMs(item, own === inNormalLane)
        if (freeMs > nowMs) return
        attempt(item, own === inNormalLane)
      }
      lane.shift()
    }
  }

  /** When the account's buckets allow the next order of its lane. */
  function laneFreeMs(item: number, isPaced: boolean): number {
    const account = accountOf(item)
    const paceMs = isPaced ? freeAtMs(buckets.pace[account] as number, pace) : 0
    const orderMs =
      counted[kindOf(item)].account && limits.new_orders
        ? freeAtMs(buckets.account[account] as number, limits.new_orders)
        : 0
    return Math.max(paceMs, orderMs)
  }

  /** When the buckets of the certificate's own names allow it. */
  function namesFreeMs(item: number): number {
    const { certificates_per_domain, duplicate_certificates, failed_validations } = limits
    const counts = counted[kindOf(item)]
    let ms = 0
    if (counts.domain && certificates_per_domain)
      ms = freeAtMs(buckets.domain[domain[item] as number] as number, certificates_per_domain)
    if (counts.set && duplicate_certificates)
      ms = Math.max(ms, freeAtMs(buckets.set[item] as number, duplicate_certificates))
    const host = buckets.host.get(item)
    return host !== undefined && failed_validations ? Math.max(ms, freeAtMs(host, failed_validations)) : ms
  }

  function kindOf(item: number): OrderKind {
    if (endOf(item) === 0) return 'new'
    return knownEndOf(item) === -1 ? 'renewal' : 'ari'
  }

  function attempt(item: number, isPaced: boolean): void {
    const freeMs = namesFreeMs(item)
    if (freeMs > nowMs) return delay(item, freeMs)
    const kind = kindOf(item)
    reserve(item, kind, isPaced)
    if (nowMs >= scenario.outage.startMs && nowMs < scenario.outage.endMs) {
      totals.unreached += 1
      return fail(item, kind)
    }
    const hour = Math.floor(nowMinute / 60)
    ordersOfHour[hour] = (ordersOfHour[hour] as number) + 1
    totals.orders += 1
    if (!ca.takesOrder(item, accountOf(item), { kind, atMs: arrivalAtMs })) return fail(item, kind)
    if (isBroken(item)) {
      totals.failedValidations += 1
      ca.countFailure(item, arrivalAtMs)
      if (limits.failed_validations) {
        buckets.host.set(item, take(buckets.host.get(item) ?? 0, limits.failed_validations, nowMs))
      }
      return fail(item, kind)
    }
    succeed(item, kind)
  }

  function reserve(item: number, kind: OrderKind, isPaced: boolean): void {
    const account = accountOf(item)
    const { new_orders, certificates_per_domain, duplicate_certificates } = limits
    const counts = counted[kind]
    if (isPaced) buckets.pace[account] = take(buckets.pace[account] as number, pace, nowMs)
    if (counts.account && new_orders)
      buckets.account[account] = take(buckets.account[account] as number, new_orders, nowMs)
    if (counts.domain && certificates_per_domain) {
      const key = domain[item] as number
      buckets.domain[key] = take(buckets.domain[key] as number, certificates_per_domain, nowMs)
    }
    if (counts.set && duplicate_certificates)
      buckets.set[item] = take(buckets.set[item] as number, duplicate_certificates, nowMs)
  }

  function isBroken(item: number): boolean {
    const until = brokenUntil.get(item)
    if (until !== undefined && until > nowMinute) return true
    if (until !== undefined) brokenUntil.delete(item)
    if (draw() < scenario.breaking) {
      brokenUntil.set(item, nowMinute + scenario.brokenMs / minuteMs)
      if (replaced.moved > 0 && ca.isMoved[item] === 1) wasHindered.add(item)
      return true
    }
    return draw() < scenario.failing
  }

  /** The budget put it off: nothing failed. */
  function delay(item: number, freeMs: number): void {
    nextAttempt[item] = Math.ceil((freeMs - scenario.startMs) / minuteMs)
    place[item] = inWheel
    wheel.put(item, nextAttempt[item] as number)
  }

  function fail(item: number, kind: OrderKind): void {
    const { certificates_per_domain, duplicate_certificates } = limits
    const counts = counted[kind]
    if (counts.domain && certificates_per_domain) {
      const key = domain[item] as number
      buckets.domain[key] = giveBack(buckets.domain[key] as number, certificates_per_domain)
    }
    if (counts.set && duplicate_certificates)
      buckets.set[item] = giveBack(buckets.set[item] as number, duplicate_certificates)
    failures[item] = Math.min(255, (failures[item] as number) + 1)
    const ownMs = backOffMs(seedOf(item), failures[item] as number, nowMs)
    const [fromMs, endMs] = [toMs(scenario, birthOf(item)), toMs(scenario, endOf(item))]
    delay(item, nowMs + (kind === 'new' ? ownMs : hastenMs(ownMs, nowMs, fromMs, endMs)))
  }

  function succeed(item: number, kind: OrderKind): void {
    totals.issued += 1
    if (kind === 'new') {
      totals.held += 1
      worst.waitMinutes = Math.max(worst.waitMinutes, nowMinute - (arrival[item] as number))
    } else {
      noteReplacement(item)
      totals.lifeMinutes -= endOf(item) - birthOf(item)
    }
    ca.issue(item, kind, nowMinute)
    totals.lifeMinutes += endOf(item) - birthOf(item)
    failures[item] = 0
    nextAttempt[item] = 0
    isHastened[item] = 0
    // A new certificate is asked about at once.
    hear(item)
    plan(item)
  }

  function noteReplacement(item: number): void {
    const left = endOf(item) - nowMinute
    if (left <= 0) totals.expired += 1
    worst.leftMinutes = Math.min(worst.leftMinutes, left)
    worst.leftOfLife = Math.min(worst.leftOfLife, left / (endOf(item) - birthOf(item)))
    // Asked only while there are any: each look is a line of memory.
    if (replaced.inTime + replaced.late + replaced.hindered === replaced.moved || ca.isMoved[item] !== 1) return
    const { atMs, deadlineMs } = scenario.revocation
    if (wasHindered.has(item)) {
      replaced.hindered += 1
      return
    }
    if (nowMs <= atMs + deadlineMs) replaced.inTime += 1
    else replaced.late += 1
    replaced.lastMinute = nowMinute
  }

  function revoke(): void {
    // Without ARI nobody is told, and nothing can be done in time.
    if (!scenario.hasAri) return
    replaced.moved = ca.moveWindows(nowMinute, scenario.revocation.part)
    for (const item of brokenUntil.keys()) if (ca.isMoved[item] === 1 && isBroken(item)) wasHindered.add(item)
  }

  function begin(): void {
    const overdue: number[] = []
    for (let i = 0; i < size; i += 1) {
      if (endOf(i) === 0) wheel.put(i, arrival[i] as number)
      else {
        totals.held += 1
        totals.lifeMinutes += endOf(i) - birthOf(i)
        if (plannedMinute(i) < 0) overdue.push(i)
        else plan(i)
      }
    }
    // The one that has waited longest first.
    for (const item of overdue.sort((a, b) => endOf(a) - endOf(b))) enter(item)
  }

  function beginDay(): void {
    const renewalIntervalMs = totals.held === 0 ? 0 : ((totals.lifeMinutes / totals.held) * minuteMs * 2) / 3
    const certificates = totals.held / accounts
    pace = scenario.isPaced ? paceOf({ certificates, renewalIntervalMs }) : { count: size, periodMs: minuteMs }
    for (const [item, fullAtMs] of buckets.host) if (fullAtMs <= nowMs) buckets.host.delete(item)
    for (const lane of lanes.normal) {
      promote(lane)
      worst.queue = Math.max(worst.queue, lane.length())
    }
  }

  begin()
  for (nowMinute = 0; nowMinute < minutes; nowMinute += 1) {
    nowMs = toMs(scenario, nowMinute)
    arrivalAtMs = nowMs + Math.floor((draw() * minuteMs) / 2)
    if (nowMinute % minutesADay === 0) beginDay()
    if (nowMs === scenario.revocation.atMs) revoke()
    const isDown = nowMs >= scenario.outage.startMs && nowMs < scenario.outage.endMs
    if (scenario.hasAri && nowMinute % 60 === 0 && !isDown) askBatch((nowMinute / 60) % batchesADay)
    for (let item = wheel.take(nowMinute); item !== -1; item = wheel.take(nowMinute)) enter(item)
    for (let account = 0; account < accounts; account += 1) {
      drain(lanes.urgent[account] as Lane, inUrgentLane)
      drain(lanes.fresh[account] as Lane, inNewLane)
      drain(lanes.normal[account] as Lane, inNormalLane)
    }
  }
  // Those that ended and were never replaced.
  for (let i = 0; i < size; i += 1) if (endOf(i) !== 0 && endOf(i) <= minutes) totals.expired += 1

  return {
    ordersOfHour,
    orders: totals.orders,
    issued: totals.issued,
    unreached: totals.unreached,
    failedValidations: totals.failedValidations,
    askedForWindows: totals.asked,
    expired: totals.expired,
    leastLeft: { days: (worst.leftMinutes * minuteMs) / dayMs, ofLife: worst.leftOfLife },
    broken: ca.broken,
    moved: replaced.moved,
    replacedInTime: replaced.inTime,
    hinderedByHost: replaced.hindered,
    replacedAfterMs: replaced.moved === 0 ? 0 : toMs(scenario, replaced.lastMinute) - scenario.revocation.atMs,
    longestQueue: worst.queue,
    longestWaitMs: worst.waitMinutes * minuteMs,
    held: totals.held,
  }
}

/** Which limits an order of each kind is counted by: the program's own table, looked up once. */
function countedLimits({ ca }: Scenario): Record<OrderKind, { account: boolean; domain: boolean; set: boolean }> {
  const of = (isRenewal: boolean, viaAri: boolean) => {
    const counts = (name: LimitName) => !isExempt(name, { isRenewal, viaAri }, ca.renewalsExempt)
    return {
      account: counts('new_orders'),
      domain: counts('certificates_per_domain'),
      set: counts('duplicate_certificates'),
    }
  }
  return { new: of(false, false), renewal: of(true, false), ari: of(true, true) }
}
