import type { EdgeRequest, HostName } from '../http.ts'
import type { ActiveChallenge } from './publisher.ts'
import { tokenOfTarget } from './token.ts'

/** What the responder needs of the table of active challenges. */
export interface ChallengeFinder {
  find(host: HostName, token: string): ActiveChallenge | undefined
}

/**
 * The key authorization that answers this request, or `undefined`: then the request is like any other. All conditions
 * hold at once or nothing does (RFC 8555 §8.3): GET or HEAD, origin form, the exact target, an active (host, token), and
 * no body. There is no error page and no other outcome, so nothing can be exempted without being answered.
 */
export function findAnswer(request: EdgeRequest, challenges: ChallengeFinder): string | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
  if (request.targetForm !== 'origin' || !hasNoBody(request)) return undefined
  const token = tokenOfTarget(request.target)
  return token === undefined ? undefined : challenges.find(request.host, token)?.keyAuthorization
}

function hasNoBody({ framing }: EdgeRequest): boolean {
  return framing.kind === 'none' || (framing.kind === 'length' && framing.bytes === 0)
}
