import type { ActiveChallenge } from '../challenge/publisher.ts'
import { type ChallengeKey, fieldOf, type Publication } from './announcement.ts'

/** Of so many publications of its own a replica remembers that it has withdrawn them. */
const MOST_RETIRED = 10_000

/** What one replica knows of challenges. */
export class Publications {
  /** Served here, whoever has published them. */
  readonly active = new Map<string, Publication>()
  /** Of this replica: Redis is told again when it has lost them. */
  readonly own = new Map<string, Publication>()
  /** Withdrawn here, and not yet in Redis. */
  readonly unsaid = new Map<string, ChallengeKey & { readonly by: string }>()
  /**
   * Of this replica, withdrawn. What was sent over a connection that was lost may reach Redis long after: then the
   * publication comes back, and has to be withdrawn once more.
   */
  readonly #retired = new Set<string>()
  readonly #replica: string
  #count = 0

  constructor(replica: string) {
    this.#replica = replica
  }

  publish(challenge: ActiveChallenge): Publication {
    const publication = { challenge, by: `${this.#replica} ${++this.#count}` }
    this.active.set(fieldOf(challenge), publication)
    this.own.set(fieldOf(challenge), publication)
    return publication
  }

  /** Which publication it is that ends, and whether it is the one that is served. */
  withdraw({ host, token }: ChallengeKey): { readonly by: string; readonly isServed: boolean } {
    const field = fieldOf({ host, token })
    // Where somebody else has published it (a process that was killed and left it), whoever withdraws means that one.
    const by = this.own.get(field)?.by ?? ''
    const isServed = by === '' || this.active.get(field)?.by === by
    this.own.delete(field)
    if (isServed) this.active.delete(field)
    this.unsaid.set(by === '' ? field : by, { host, token, by })
    if (by !== '') this.#retire(by)
    return { by, isServed }
  }

  /** Whether this publication was withdrawn here and has come back; then it is to be withdrawn again. */
  isRetired({ challenge, by }: Publication): boolean {
    if (!this.#retired.has(by)) return false
    const { host, token } = challenge
    this.unsaid.set(by, { host, token, by })
    return true
  }

  /** Redis knows now. */
  said({ host, token, by }: ChallengeKey & { readonly by: string }): void {
    this.unsaid.delete(by === '' ? fieldOf({ host, token }) : by)
  }

  #retire(by: string): void {
    this.#retired.add(by)
    const [oldest] = this.#retired.keys()
    if (this.#retired.size > MOST_RETIRED && oldest !== undefined) this.#retired.delete(oldest)
  }
}
