import { setTimeout as delay } from 'node:timers/promises'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import { toEdgeError } from '../errors.ts'
import { field, type Logger } from '../log.ts'
import type { SharedCertificates } from '../store/shared-certificates.ts'

/** How long an announcement waits for the certificates that it tells of. */
const PULL_MS = 2_000
/** How long the processes of this replica have to serve one. */
const INSTALL_MS = 3_000

export interface FollowerParts {
  readonly certificates: SharedCertificates
  readonly log: Logger
  /** What the folder had before certificates were loaded from it. */
  readonly served: ReadonlyMap<string, string>
  /** Who serves; `undefined` as long as nobody does. */
  readonly publisher: () => Promise<ChallengePublisher | undefined>
}

/** Keeps what this replica serves the same as what is shared. */
export class CertificateFollower {
  readonly #parts: FollowerParts
  readonly #served: Map<string, string>
  #pulling: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined
  #isClosed = false

  constructor(parts: FollowerParts) {
    this.#parts = parts
    this.#served = new Map(parts.served)
  }

  /** A certificate of this replica: handed over to the others. */
  async install(local: ChallengePublisher, name: string, signal: AbortSignal): Promise<void> {
    const { certificates } = this.#parts
    await local.installed(name, signal)
    // Somebody has installed a later one meanwhile: that one is served.
    if (!(await certificates.push(name))) await local.installed(name, signal)
    this.#served.set(name, (await certificates.present()).get(name) ?? '')
  }

  /**
   * Others wait for certificates as well, but not for long: ten thousand on a new machine take a while, and challenges
   * must not stand behind them.
   */
  async followBriefly(): Promise<void> {
    await Promise.race([this.follow(), delay(PULL_MS, undefined, { ref: false })])
  }

  /** Never fails. One after the other; whoever asks while one waits to begin shares it. */
  follow(): Promise<void> {
    if (this.#next !== undefined) return this.#next
    const next = this.#pulling.then(() => {
      this.#next = undefined
      return this.#followNow()
    })
    this.#next = next
    this.#pulling = next
    return next
  }

  close(): void {
    this.#isClosed = true
  }

  async #followNow(): Promise<void> {
    const { certificates, log } = this.#parts
    if (this.#isClosed) return
    try {
      const present = await certificates.pull()
      const publisher = await this.#parts.publisher()
      if (publisher === undefined) return // it is looked at again once somebody serves
      for (const [name, digest] of present) {
        if (this.#served.get(name) === digest) continue
        await publisher.installed(name, AbortSignal.timeout(INSTALL_MS))
        this.#served.set(name, digest)
        log.info({ [field.name]: name }, 'a certificate of another replica is served')
      }
    } catch (error) {
      // The sweep tries again. A full disk of this machine is no reason for others to wait.
      log.warn({ [field.error]: toEdgeError(error).message }, 'certificates of other replicas are not served yet')
    }
  }
}
