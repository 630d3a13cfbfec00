import type { ActiveChallenge } from '../challenge/publisher.ts'
import { type ControlRequest, parseControlRequest } from '../control/protocol.ts'

/** What replicas tell each other: the calls of the control socket, numbered. */
export interface Announcement {
  readonly sequence: number
  readonly request: ControlRequest
}

/** `<number> <JSON>`; `undefined` for anything else. Redis is private to its owner, but a message can be garbled. */
export function parseAnnouncement(message: string): Announcement | undefined {
  const blank = message.indexOf(' ')
  const sequence = Number(message.slice(0, blank))
  const request = parseControlRequest(message.slice(blank + 1))
  return blank > 0 && Number.isSafeInteger(sequence) && request !== undefined ? { sequence, request } : undefined
}

/** The challenge of a stored announcement, or `undefined`. */
export function parseActive(stored: string): ActiveChallenge | undefined {
  const request = parseControlRequest(stored)
  return request?.call === 'publish' ? request.challenge : undefined
}

export function challengeField({ host, token }: Pick<ActiveChallenge, 'host' | 'token'>): string {
  return `${host} ${token}`
}
