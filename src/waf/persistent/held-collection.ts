import type { CollectionState, MemberState } from './collection-change.ts'
import { applyOperation, isExpired, type Member, type MemberOperation } from './member.ts'

/** What a member and a collection cost besides their text, roughly. */
const OVERHEAD = { memberBytes: 60, collectionBytes: 200 }

export interface Touch {
  readonly atMs: number
  readonly timeoutSeconds: number
  readonly updates: number
}

/** One collection as this process knows it. */
export class HeldCollection {
  readonly createdAtMs: number
  updatedAtMs: number
  updates = 0
  expiresAtMs: number
  /** Set by `setvar:ip.timeout`. */
  ownTimeoutSeconds: number | undefined
  /** Of names and values as they are written down, roughly. */
  bytes = OVERHEAD.collectionBytes
  readonly #members = new Map<string, Member>()

  constructor(createdAtMs: number) {
    this.createdAtMs = createdAtMs
    this.updatedAtMs = createdAtMs
    this.expiresAtMs = Number.POSITIVE_INFINITY // until its first touch, which follows at once
  }

  /** A member with a value that has not expired. */
  find(lowerName: string, nowMs: number): Member | undefined {
    const member = this.#members.get(lowerName)
    return member?.value === undefined || isExpired(member, nowMs) ? undefined : member
  }

  all(nowMs: number): Member[] {
    return [...this.#members.values()].filter((member) => member.value !== undefined && !isExpired(member, nowMs))
  }

  /** Whether the member had a value that has expired by then. */
  hasLapsed(lowerName: string, nowMs: number): boolean {
    const member = this.#members.get(lowerName)
    return member !== undefined && isExpired(member, nowMs)
  }

  /** Whether anything has changed. A name beyond the limit is not taken in. */
  apply(name: string, operation: MemberOperation, mostNames: number): boolean {
    const lowerName = name.toLowerCase()
    const before = this.#members.get(lowerName)
    const after = applyOperation(before, name, operation)
    if (after === before) return false
    if (before === undefined && this.#members.size >= mostNames) this.#forgetExpired(operation.atMs)
    if (before === undefined && this.#members.size >= mostNames) return false
    this.#put(lowerName, after)
    return true
  }

  /** TIMEOUT counts from the last change, not from the last look. */
  touch({ atMs, timeoutSeconds, updates }: Touch): void {
    this.updates += updates
    this.updatedAtMs = Math.max(this.updatedAtMs, atMs)
    this.expiresAtMs = this.updatedAtMs + (this.ownTimeoutSeconds ?? timeoutSeconds) * 1000
  }

  /** Takes over what a state says; members that it does not list stay. */
  put(state: CollectionState): void {
    this.updatedAtMs = state.updatedAtMs
    this.updates = state.updates
    this.ownTimeoutSeconds = state.ownTimeoutSeconds
    this.expiresAtMs = state.expiresAtMs
    for (const { name, value, expiresAtMs, sinceMs } of state.members) {
      const isGone = value === undefined && expiresAtMs === undefined
      this.#put(name.toLowerCase(), isGone ? undefined : { name, value, expiresAtMs, sinceMs })
    }
  }

  /** @param only lower-case names; default: the whole collection */
  state(id: string, only?: ReadonlySet<string>): CollectionState {
    const names = only ?? this.#members.keys()
    return {
      id,
      createdAtMs: this.createdAtMs,
      updatedAtMs: this.updatedAtMs,
      updates: this.updates,
      ...(this.ownTimeoutSeconds === undefined ? {} : { ownTimeoutSeconds: this.ownTimeoutSeconds }),
      expiresAtMs: this.expiresAtMs,
      isComplete: only === undefined,
      members: Array.from(names, (lowerName) => memberState(lowerName, this.#members.get(lowerName))),
    }
  }

  #forgetExpired(nowMs: number): void {
    for (const [lowerName, member] of this.#members) if (isExpired(member, nowMs)) this.#put(lowerName, undefined)
  }

  #put(lowerName: string, member: Member | undefined): void {
    this.bytes -= bytesOf(this.#members.get(lowerName))
    this.bytes += bytesOf(member)
    if (member === undefined) this.#members.delete(lowerName)
    else this.#members.set(lowerName, member)
  }
}

function memberState(lowerName: string, member: Member | undefined): MemberState {
  if (member === undefined) return { name: lowerName, sinceMs: 0 }
  const { name, value, expiresAtMs, sinceMs } = member
  return {
    name,
    ...(value === undefined ? {} : { value }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    sinceMs,
  }
}

function bytesOf(member: Member | undefined): number {
  if (member === undefined) return 0
  return OVERHEAD.memberBytes + writtenBytes(member.name) + writtenBytes(member.value ?? '')
}

/** Control characters take six bytes when they are written: a limit that did not count them could be passed sixfold. */
function writtenBytes(text: string): number {
  return /^[\w.:-]*$/.test(text) ? text.length : Buffer.byteLength(JSON.stringify(text))
}
