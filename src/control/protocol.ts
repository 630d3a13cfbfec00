import type { ActiveChallenge } from '../challenge/publisher.ts'
import type { HostName } from '../http.ts'

/** What `issue` asks of a running edge, one JSON object a line over the store's control socket. */
export type ControlRequest =
  | { readonly id: number; readonly call: 'publish'; readonly challenge: ActiveChallenge }
  | { readonly id: number; readonly call: 'withdraw'; readonly host: HostName; readonly token: string }
  | { readonly id: number; readonly call: 'installed'; readonly name: string }

/** The answer: sent only when every worker has acknowledged. */
export type ControlReply = { readonly id: number; readonly error?: string }

/** Longest line that either side takes; a challenge is far shorter. */
export const MAX_LINE_BYTES = 65_536

/** The request on a line, or `undefined` when it is none. The socket is private to its owner, but a line can be garbled. */
export function parseControlRequest(line: string): ControlRequest | undefined {
  const value: unknown = parseJson(line)
  if (!isRecord(value) || typeof value.id !== 'number') return undefined
  const { id } = value
  switch (value.call) {
    case 'publish':
      return isChallenge(value.challenge) ? { id, call: 'publish', challenge: value.challenge } : undefined
    case 'withdraw':
      if (typeof value.host !== 'string' || typeof value.token !== 'string') return undefined
      return { id, call: 'withdraw', host: value.host as HostName, token: value.token } // canonical in the publisher
    case 'installed':
      return typeof value.name === 'string' ? { id, call: 'installed', name: value.name } : undefined
    default:
      return undefined
  }
}

export function parseControlReply(line: string): ControlReply | undefined {
  const value: unknown = parseJson(line)
  if (!isRecord(value) || typeof value.id !== 'number') return undefined
  return typeof value.error === 'string' ? { id: value.id, error: value.error } : { id: value.id }
}

function isChallenge(value: unknown): value is ActiveChallenge {
  if (!isRecord(value) || typeof value.expiresAtMs !== 'number') return false
  return [value.host, value.token, value.keyAuthorization].every((text) => typeof text === 'string')
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
