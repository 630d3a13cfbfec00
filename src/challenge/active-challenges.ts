import type { HostName } from '../http.ts'
import type { ActiveChallenge } from './publisher.ts'
import { isToken } from './token.ts'

/** Two would do to visit everything before the table has doubled; a small table is visited whole each time. */
const VISITS_PER_PUBLISH = 4

/**
 * The challenges of orders that are pending, by (host, token): two live orders for one name do not overwrite each other,
 * and a token that is active for one host is nothing at another. Look-up is two Map reads: no I/O, no log line. No
 * operation but `all` takes longer because others are pending, so nobody who may order can slow the edge down by ordering.
 */
export class ActiveChallenges {
  readonly #byHost = new Map<string, Map<string, ActiveChallenge>>()
  readonly #all = new Set<ActiveChallenge>()
  #nextToVisit = this.#all.values()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Throws TypeError for a token or key authorization that RFC 8555 §8.1 cannot have produced. */
  publish(challenge: ActiveChallenge): void {
    if (!isToken(challenge.token) || !challenge.keyAuthorization.startsWith(`${challenge.token}.`)) {
      throw new TypeError('not an HTTP-01 challenge: token and key authorization do not fit RFC 8555 §8.1')
    }
    this.#dropSomeExpired()
    this.withdraw(challenge)
    const frozen = Object.freeze({ ...challenge })
    const tokens = this.#byHost.get(challenge.host) ?? new Map<string, ActiveChallenge>()
    tokens.set(challenge.token, frozen)
    this.#byHost.set(challenge.host, tokens)
    this.#all.add(frozen)
  }

  withdraw({ host, token }: Pick<ActiveChallenge, 'host' | 'token'>): void {
    const tokens = this.#byHost.get(host)
    const challenge = tokens?.get(token)
    if (tokens === undefined || challenge === undefined) return
    this.#all.delete(challenge)
    tokens.delete(token)
    if (tokens.size === 0) this.#byHost.delete(host)
  }

  find(host: HostName, token: string): ActiveChallenge | undefined {
    const challenge = this.#byHost.get(host)?.get(token)
    return challenge !== undefined && this.#now() < challenge.expiresAtMs ? challenge : undefined
  }

  /** How many are kept, those that have expired and were not visited since included. */
  get size(): number {
    return this.#all.size
  }

  /** Whatever is active now: a worker that starts later gets it handed over. */
  all(): ActiveChallenge[] {
    const now = this.#now()
    for (const challenge of this.#all) if (challenge.expiresAtMs <= now) this.withdraw(challenge)
    return [...this.#all]
  }

  /**
   * Runs when something is published, never on the request path: an order that was forgotten leaves nothing behind for
   * long. A few at a time, in turn: looking at all each time would make a million orders take a million looks each.
   */
  #dropSomeExpired(): void {
    const now = this.#now()
    for (let visits = Math.min(VISITS_PER_PUBLISH, this.#all.size); visits > 0; visits--) {
      const challenge = this.#following()
      if (challenge !== undefined && challenge.expiresAtMs <= now) this.withdraw(challenge)
    }
  }

  #following(): ActiveChallenge | undefined {
    const next = this.#nextToVisit.next()
    if (!next.done) return next.value
    this.#nextToVisit = this.#all.values()
    return this.#nextToVisit.next().value
  }
}
