import { toNumber } from '../to-number.ts'

/** One member of a persistent collection. */
export interface Member {
  /** As it was first spelled. */
  readonly name: string
  /** `undefined`: nothing but the end of what will be set is known (expirevar may stand before setvar). */
  readonly value: string | undefined
  /** Milliseconds since 1970; `undefined`: as long as the collection. */
  readonly expiresAtMs: number | undefined
  /** From when on deprecatevar counts. */
  readonly sinceMs: number
}

/**
 * What a rule does to a member. Additions commute, so counters of several processes add up; of two `set`, the one that
 * the holder of the collections hears last counts.
 */
export type MemberOperation = { readonly atMs: number } & (
  | { readonly kind: 'set'; readonly value: string }
  | { readonly kind: 'add'; readonly delta: number }
  | { readonly kind: 'delete' }
  | { readonly kind: 'expire'; readonly expiresAtMs: number }
  | { readonly kind: 'decay'; readonly amount: number; readonly periodMs: number }
  /** Nothing but: what has expired by then is gone. */
  | { readonly kind: 'lapse' }
)

export function isExpired(member: Member, nowMs: number): boolean {
  return member.expiresAtMs !== undefined && member.expiresAtMs <= nowMs
}

/** The member afterwards; `undefined` when there is none; the same object when nothing has changed. */
export function applyOperation(
  before: Member | undefined,
  name: string,
  operation: MemberOperation,
): Member | undefined {
  const { atMs } = operation
  const member = before !== undefined && isExpired(before, atMs) ? undefined : before
  const known = member ?? { name, value: undefined, expiresAtMs: undefined, sinceMs: atMs }
  switch (operation.kind) {
    case 'set':
      return { ...known, value: operation.value, sinceMs: atMs }
    case 'add': {
      const value = toNumber(known.value ?? '')
      return { ...known, value: String(value + operation.delta), sinceMs: value === 0 ? atMs : known.sinceMs }
    }
    case 'expire':
      return { ...known, expiresAtMs: operation.expiresAtMs }
    case 'decay':
      return member && decay(member, operation)
    case 'delete':
      return undefined
    case 'lapse':
      return member
    default:
      operation satisfies never
      return member
  }
}

/** Whole periods alone count, each once; never below zero. */
function decay(member: Member, { atMs, amount, periodMs }: MemberOperation & { kind: 'decay' }): Member {
  const periods = Math.floor((atMs - member.sinceMs) / periodMs)
  if (member.value === undefined || periods <= 0) return member
  const value = Math.max(0, toNumber(member.value) - periods * amount)
  return { ...member, value: String(value), sinceMs: member.sinceMs + periods * periodMs }
}

/**
 * Adds an operation to those that have not been told yet, as few as say the same: however often a rule writes a member,
 * a handful is sent. An operation that takes in an earlier one keeps that one's time, at which the member had not expired.
 */
export function appendOperation(operations: MemberOperation[], next: MemberOperation): void {
  if (next.kind === 'delete') operations.length = 0
  const start = operations.findLastIndex(({ kind }) => kind === 'delete' || kind === 'lapse') + 1
  if (next.kind === 'set') {
    const kept = operations.slice(start).filter(({ kind }) => kind === 'expire')
    operations.splice(start, operations.length, ...kept, next)
    return
  }
  const index = mergeable(operations, next)
  const earlier = operations[index]
  if (earlier === undefined || index < start) operations.push(next)
  else if (earlier.kind === 'add' && next.kind === 'add')
    operations[index] = { ...earlier, delta: earlier.delta + next.delta }
  else operations[index] = { ...next, atMs: earlier.atMs }
}

/** Where the operation stands that this one can be merged with; -1: nowhere. */
function mergeable(operations: readonly MemberOperation[], next: MemberOperation): number {
  if (next.kind === 'expire') return operations.findLastIndex(({ kind }) => kind === 'expire')
  if (next.kind !== 'add') return -1
  const lastValue = operations.findLastIndex(({ kind }) => kind !== 'expire')
  return operations[lastValue]?.kind === 'add' ? lastValue : -1
}
