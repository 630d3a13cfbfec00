import type { ActiveChallenge } from '../challenge/publisher.ts'
import { isToken } from '../challenge/token.ts'
import { parseControlRequest } from '../control/protocol.ts'

export type ChallengeKey = Pick<ActiveChallenge, 'host' | 'token'>

/** A challenge as one replica has published it: another one may publish the same token later, for the same order. */
export interface Publication {
  readonly challenge: ActiveChallenge
  /** Whose publication it is, and the how many-th. */
  readonly by: string
}

/** What replicas tell each other. */
export type Announcement =
  | ({ readonly call: 'publish' } & Publication)
  /** Ends that publication and no later one; with `by` empty whichever there is. */
  | ({ readonly call: 'withdraw'; readonly by: string } & ChallengeKey)
  | { readonly call: 'installed'; readonly name: string }

/** `<number> <JSON>`; `undefined` for anything else. Redis is private to its owner, but a message can be garbled. */
export function parseMessage(message: string): { sequence: number; announcement: Announcement } | undefined {
  const blank = message.indexOf(' ')
  const sequence = Number(message.slice(0, blank))
  const announcement = parseAnnouncement(message.slice(blank + 1))
  return blank > 0 && Number.isSafeInteger(sequence) && announcement ? { sequence, announcement } : undefined
}

/** One that RFC 8555 §8.1 cannot have produced is nobody's challenge: it must not keep an edge from starting. */
export function parseAnnouncement(text: string): Announcement | undefined {
  const request = parseControlRequest(text)
  if (request === undefined) return undefined
  const { by = '' } = JSON.parse(text) as { by?: unknown } // an object: it was parsed just now
  if (typeof by !== 'string') return undefined
  switch (request.call) {
    case 'publish': {
      const { challenge } = request
      const { token, keyAuthorization } = challenge
      return isToken(token) && keyAuthorization.startsWith(`${token}.`) ? { call: 'publish', challenge, by } : undefined
    }
    case 'withdraw':
      return { call: 'withdraw', host: request.host, token: request.token, by }
    case 'installed':
      return { call: 'installed', name: request.name }
  }
}

export function formatAnnouncement(announcement: Announcement): string {
  return JSON.stringify({ id: 0, ...announcement })
}

export function fieldOf({ host, token }: ChallengeKey): string {
  return `${host} ${token}`
}
