import type { ActiveChallenge } from '../challenge/publisher.ts'
import { isToken } from '../challenge/token.ts'
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
  const request = parseRequest(message.slice(blank + 1))
  return blank > 0 && Number.isSafeInteger(sequence) && request !== undefined ? { sequence, request } : undefined
}

/** The challenge of a stored announcement, or `undefined`. */
export function parseActive(stored: string): ActiveChallenge | undefined {
  const request = parseRequest(stored)
  return request?.call === 'publish' ? request.challenge : undefined
}

/** One that RFC 8555 §8.1 cannot have produced is nobody's challenge: it must not keep an edge from starting. */
function parseRequest(text: string): ControlRequest | undefined {
  const request = parseControlRequest(text)
  if (request?.call !== 'publish') return request
  const { token, keyAuthorization } = request.challenge
  return isToken(token) && keyAuthorization.startsWith(`${token}.`) ? request : undefined
}

export function challengeField({ host, token }: Pick<ActiveChallenge, 'host' | 'token'>): string {
  return `${host} ${token}`
}
