import type { ActiveChallenge, ChallengePublisher } from '../challenge/publisher.ts'
import type { Logger } from '../log.ts'
import type { SharedCertificates } from '../store/shared-certificates.ts'
import { type Announcement, fieldOf, type Publication } from './announcement.ts'
import { CertificateFollower } from './certificate-follower.ts'
import { Publications } from './publications.ts'

/**
 * How long the processes of this replica have to do what was announced. One that takes longer (a worker hangs) lets its
 * lease end: validators that are led to it get no answer anyway, and the others need not wait for it.
 */
const APPLY_MS = 3_000
/** From opening the listeners to `attach`; who takes longer does not start. */
const START_MS = 60_000

export interface ServedHereParts {
  /** Of this replica. */
  readonly id: string
  readonly certificates: SharedCertificates
  readonly log: Logger
  /** What the folder had before certificates were loaded from it. */
  readonly served: ReadonlyMap<string, string>
}

/** What the processes of this replica serve of what is announced, whatever the connection that it came over. */
export class ServedHere {
  readonly known: Publications
  readonly certificates: CertificateFollower
  /** The number of the last announcement that was done here. */
  applied = 0
  readonly #local = Promise.withResolvers<ChallengePublisher | undefined>()
  /** Monotonic: since when what is active is served by somebody who is not attached yet. */
  #handedOverAt: number | undefined
  #isAttached = false

  constructor({ id, ...parts }: ServedHereParts) {
    this.known = new Publications(id)
    this.certificates = new CertificateFollower({ ...parts, publisher: () => this.#publisher() })
  }

  /** What is active, to whoever begins to serve. */
  handOver(): readonly ActiveChallenge[] {
    this.#handedOverAt = performance.now()
    return Array.from(this.known.active.values(), ({ challenge }) => challenge)
  }

  attach(local: ChallengePublisher): void {
    this.#local.resolve(local)
    this.#isAttached = true
  }

  close(): void {
    this.certificates.close()
    this.#local.resolve(undefined)
  }

  isStuckInStart(): boolean {
    return this.#handedOverAt !== undefined && !this.#isAttached && performance.now() - this.#handedOverAt > START_MS
  }

  /** Does it here. Throws when a process of this replica did not acknowledge: then neither does this replica. */
  async apply(announcement: Announcement): Promise<void> {
    const signal = AbortSignal.timeout(APPLY_MS)
    const { active } = this.known
    switch (announcement.call) {
      case 'publish': {
        const { challenge, by } = announcement
        const name = fieldOf(challenge)
        if (active.get(name)?.by === by || this.known.isRetired(announcement)) return
        await (await this.#publisher())?.publish(challenge, signal)
        active.set(name, { challenge, by })
        return
      }
      case 'withdraw': {
        const name = fieldOf(announcement)
        const { by } = announcement
        if (by !== '' && active.get(name)?.by !== by) return // ended already, or published anew since
        await (await this.#publisher())?.withdraw(announcement, signal)
        active.delete(name)
        return
      }
      case 'installed':
        return this.certificates.followBriefly()
    }
  }

  /**
   * Makes what is served here what is active: these, and this replica's own. Throws as `apply`.
   * @param isGrace nothing is withdrawn
   */
  async become(publications: readonly Publication[], { isGrace }: { readonly isGrace: boolean }): Promise<void> {
    const { active, own } = this.known
    const wanted = new Map(own)
    for (const publication of publications) wanted.set(fieldOf(publication.challenge), publication)
    const gone = isGrace ? [] : [...active].filter(([name]) => !wanted.has(name))
    for (const [, { challenge, by }] of gone) {
      await this.apply({ call: 'withdraw', host: challenge.host, token: challenge.token, by })
    }
    for (const publication of wanted.values()) await this.apply({ call: 'publish', ...publication })
    await this.certificates.followBriefly()
  }

  /** `undefined` as long as nobody serves: what is active is handed over when somebody begins to. */
  async #publisher(): Promise<ChallengePublisher | undefined> {
    return this.#handedOverAt === undefined ? undefined : this.#local.promise
  }
}
