import type { HostName } from '../http.ts'
import type { ActiveChallenge } from './publisher.ts'
import { isToken } from './token.ts'

/**
 * The challenges of orders that are pending, by (host, token): two live orders for one name do not overwrite each other,
 * and a token that is active for one host is nothing at another. Look-up is two Map reads: no I/O, no log line.
 */
export class ActiveChallenges {
  readonly #byHost = new Map<string, Map<string, ActiveChallenge>>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Throws TypeError for a token or key authorization that RFC 8555 §8.1 cannot have produced. */
  publish(challenge: ActiveChallenge): void {
    if (!isToken(challenge.token) || !challenge.keyAuthorization.startsWith(`${challenge.token}.`)) {
      throw new TypeError('not an HTTP-01 challenge: token and key authorization do not fit RFC 8555 §8.1')
    }
    this.#dropExpired()
    const tokens = this.#byHost.get(challenge.host) ?? new Map<string, ActiveChallenge>()
    tokens.set(challenge.token, Object.freeze({ ...challenge }))
    this.#byHost.set(challenge.host, tokens)
  }

  withdraw({ host, token }: Pick<ActiveChallenge, 'host' | 'token'>): void {
    const tokens = this.#byHost.get(host)
    tokens?.delete(token)
    if (tokens?.size === 0) this.#byHost.delete(host)
  }

  find(host: HostName, token: string): ActiveChallenge | undefined {
    const challenge = this.#byHost.get(host)?.get(token)
    return challenge !== undefined && this.#now() < challenge.expiresAtMs ? challenge : undefined
  }

  /** Whatever is active now: a worker that starts later gets it handed over. */
  all(): ActiveChallenge[] {
    this.#dropExpired()
    return [...this.#byHost.values()].flatMap((tokens) => [...tokens.values()])
  }

  /** Runs when something is published, never on the request path: an order that was forgotten leaves nothing behind. */
  #dropExpired(): void {
    const now = this.#now()
    for (const tokens of this.#byHost.values()) {
      for (const challenge of tokens.values()) if (challenge.expiresAtMs <= now) this.withdraw(challenge)
    }
  }
}
