import type { LimitName } from '../../src/acme/budget/ca-limits.ts'
import type { Limit } from '../../src/acme/budget/token-bucket.ts'
import type { Draw } from './draw.ts'
import { type Fleet, toMs } from './fleet.ts'
import { minuteMs, type Scenario } from './scenario.ts'

/** The CA's side: lives, windows, limits. It counts for itself, so that the scheduler's budget is checked, not believed. */
export interface SimulatedCa {
  /** In pairs: begin and end of the window that it would answer for each certificate; -1: there is none. */
  readonly windows: Int32Array
  /** Counts an order; false: 429, and with it a limit is broken. */
  takesOrder(item: number, account: number, options: { readonly kind: OrderKind; readonly atMs: number }): boolean
  countFailure(item: number, atMs: number): void
  /** Issues: the new life and its window. */
  issue(item: number, kind: OrderKind, minute: number): void
  /** Draws certificates that it will revoke, and moves their windows to the past; how many. */
  moveWindows(minute: number, part: number): number
  /** Whether a certificate's window was moved. */
  readonly isMoved: Uint8Array
  /** Limits that were broken, by name. */
  readonly broken: ReadonlyMap<LimitName, number>
}

export type OrderKind = 'new' | 'renewal' | 'ari'

export function createSimulatedCa(scenario: Scenario, fleet: Fleet, draw: Draw): SimulatedCa {
  const { size, lives } = fleet
  const { limits, renewalsExempt } = scenario.ca
  const windows = new Int32Array(size * 2).fill(-1)
  const isMoved = new Uint8Array(size)
  const broken = new Map<LimitName, number>()
  const accounts = createCounter(limits.new_orders, scenario.accounts)
  const domains = createCounter(limits.certificates_per_domain, size)
  const sets = createCounter(limits.duplicate_certificates, size)
  const failures = new Map<number, number[]>()

  const isCounted = (kind: OrderKind, what: 'order' | 'set') =>
    !renewalsExempt || kind === 'new' || (what === 'set' && kind === 'renewal')
  const note = (name: LimitName) => void broken.set(name, (broken.get(name) ?? 0) + 1)

  /** As Boulder has it: the point where a third of the life is left, and 2 % of the life on either side. */
  function setWindow(item: number): void {
    if (!scenario.hasAri) return
    const [begin, end] = [lives[item * 2] as number, lives[item * 2 + 1] as number]
    const ideal = end - Math.round((end - begin) / 3)
    windows[item * 2] = ideal - Math.round((end - begin) / 50)
    windows[item * 2 + 1] = ideal + Math.round((end - begin) / 50)
  }
  for (let i = 0; i < size; i += 1) if (lives[i * 2 + 1] !== 0) setWindow(i)

  return {
    windows,
    isMoved,
    broken,
    takesOrder(item, account, { kind, atMs }) {
      // Certificates are counted when they are issued, orders at once.
      const [countsOrder, countsSet] = [isCounted(kind, 'order'), isCounted(kind, 'set')]
      const refusedBy: LimitName | undefined =
        countsOrder && !accounts.has(account, atMs)
          ? 'new_orders'
          : countsOrder && !domains.has(fleet.domain[item] as number, atMs)
            ? 'certificates_per_domain'
            : countsSet && !sets.has(item, atMs)
              ? 'duplicate_certificates'
              : undefined
      if (refusedBy !== undefined) {
        note(refusedBy)
        return false
      }
      if (countsOrder) accounts.take(account, atMs)
      return true
    },
    countFailure(item, atMs) {
      const limit = limits.failed_validations
      if (limit === undefined) return
      const times = [...(failures.get(item) ?? []), atMs].filter((time) => time > atMs - 10 * limit.periodMs)
      failures.set(item, times)
      // Of every span that ends now no more than the bucket held and got back meanwhile.
      const isKept = times.every(
        (time, i) => times.length - i <= limit.count + ((atMs - time) * limit.count) / limit.periodMs,
      )
      if (!isKept) note('failed_validations')
    },
    issue(item, kind, minute) {
      const atMs = toMs(scenario, minute) + minuteMs / 2
      if (isCounted(kind, 'order')) domains.take(fleet.domain[item] as number, atMs)
      if (isCounted(kind, 'set')) sets.take(item, atMs)
      const ms = toMs(scenario, minute)
      let life = 90
      for (const { fromMs, days } of scenario.lives) if (fromMs <= ms) life = days
      lives[item * 2] = minute
      lives[item * 2 + 1] = minute + life * 24 * 60
      isMoved[item] = 0
      setWindow(item)
    },
    moveWindows(minute, part) {
      let moved = 0
      for (let i = 0; i < size; i += 1) {
        if (lives[i * 2 + 1] === 0 || draw() >= part) continue
        windows[i * 2] = minute - 120
        windows[i * 2 + 1] = minute - 60
        isMoved[i] = 1
        moved += 1
      }
      return moved
    },
  }
}

interface Counter {
  has(index: number, atMs: number): boolean
  take(index: number, atMs: number): void
}

/** Buckets with tokens in them, refilled by the time that went by. */
function createCounter(limit: Limit | undefined, size: number): Counter {
  if (limit === undefined) return { has: () => true, take: () => undefined }
  // In pairs: tokens, and when they were counted.
  const rows = new Float64Array(size * 2)
  for (let i = 0; i < size; i += 1) rows[i * 2] = limit.count
  const { count, periodMs } = limit
  const left = (index: number, atMs: number): number => {
    const elapsedMs = atMs - (rows[index * 2 + 1] as number)
    return Math.min(count, (rows[index * 2] as number) + (elapsedMs * count) / periodMs)
  }
  return {
    has: (index, atMs) => left(index, atMs) >= 1 - 1e-6,
    take(index, atMs) {
      rows[index * 2] = left(index, atMs) - 1
      rows[index * 2 + 1] = atMs
    },
  }
}
