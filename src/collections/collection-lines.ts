import type { CollectionState, MemberState } from '../waf/persistent/collection-change.ts'
import { isCollectionId } from '../waf/persistent/collection-id.ts'

/** The collection as one line of a stored record. */
export function formatCollection(state: CollectionState): string {
  return JSON.stringify(state)
}

/** The collection of a line, or `undefined` for anything that `formatCollection` has not written. */
export function parseCollection(line: string): CollectionState | undefined {
  const value = parseJson(line)
  if (!isRecord(value) || typeof value.id !== 'string' || !isCollectionId(value.id)) return undefined
  const { id, createdAtMs, updatedAtMs, updates, expiresAtMs, ownTimeoutSeconds, members } = value
  if (!isTime(createdAtMs) || !isTime(updatedAtMs) || !isTime(updates) || !isTime(expiresAtMs)) return undefined
  if (!isOptional(ownTimeoutSeconds, isTime) || !Array.isArray(members) || !members.every(isMember)) return undefined
  const timeout = ownTimeoutSeconds === undefined ? {} : { ownTimeoutSeconds }
  return { id, createdAtMs, updatedAtMs, updates, ...timeout, expiresAtMs, isComplete: true, members }
}

function isMember(value: unknown): value is MemberState {
  if (!isRecord(value) || !isText(value.name) || !isTime(value.sinceMs)) return false
  return isOptional(value.value, isText) && isOptional(value.expiresAtMs, isTime)
}

function isOptional<T>(value: unknown, is: (value: unknown) => value is T): value is T | undefined {
  return value === undefined || is(value)
}

/** Rules work on one-byte strings; anything else was not written by them. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && Buffer.from(value, 'latin1').toString('latin1') === value
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
