import { type FullAtMs, type Limit, take } from '../acme/budget/token-bucket.ts'
import type { OnDemandConfig } from '../config/config.ts'
import { EdgeError, toEdgeError } from '../errors.ts'
import { field, type Logger } from '../log.ts'
import { type AskOptions, askPermission } from './ask.ts'
import { BoundedMap } from './bounded-map.ts'
import { isFree, type OrderLimits } from './order-limits.ts'
import type { DemandPort } from './waiting-room.ts'

/** What came of a name; `limited`: it was not asked about, or not ordered, for the sake of a limit. */
export type DemandResult = 'obtained' | 'failed' | 'denied' | 'unanswered' | 'limited'

export interface OnDemandParts {
  /** `undefined`: nothing is got on demand. */
  readonly config: OnDemandConfig | undefined
  /** Gets and installs a certificate, or renews the one that is there if it is due; resolves once it is served everywhere. */
  readonly obtain: (name: string, signal: AbortSignal) => Promise<void>
  /** Whether somebody else looks after the certificate of this name. */
  readonly isManaged: (name: string) => boolean
  /** Whether the certificate of this name was got on demand. */
  readonly isOnDemand: (name: string) => Promise<boolean>
  readonly orderLimits: OrderLimits
  readonly log: Logger
  /** Told what came of each name. Default: nobody is. */
  readonly observe?: (result: DemandResult) => void
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number
  /** Default: askPermission. */
  readonly ask?: (options: AskOptions) => Promise<boolean>
}

/** Questions to the operator's service: so many at a time, and so many in a time. */
const mostAsking = 32
const askLimit: Limit = { count: 100, periodMs: 10_000 }
/** Certificates in use that are looked at for renewal: beside, so that new names and old ones do not wait for each other. */
const renewalLimit: Limit = { count: 50, periodMs: 10_000 }
/** Orders that are under way; each may take minutes. */
const mostOrdering = 100
/** How long edges that count at the same time wait for each other. */
const countTimeoutMs = 10_000
/** How long a no is remembered, and how long that there was no answer. */
const deniedMs = 30_000
const unansweredMs = 2_000
const mostRemembered = 10_000
/** After the first, second and third failure in a row; a day after every further one. */
const backOffMs: readonly number[] = [60_000, 600_000, 6_000_000]
const dayMs = 86_400_000
const reportEveryMs = 60_000

interface Failure {
  readonly count: number
  readonly untilMs: number
}

/**
 * Gets certificates for names that strangers ask for in their handshakes, where the operator's service allows it. Everything
 * that a stranger can make grow is bounded, and whatever is not known for certain is refused.
 */
export class OnDemand implements DemandPort {
  readonly #parts: OnDemandParts
  readonly #now: () => number
  readonly #stop = new AbortController()
  #config: OnDemandConfig | undefined
  readonly #running = new Map<string, Promise<boolean>>()
  readonly #denied = new BoundedMap<number>(mostRemembered)
  /** Apart from what was denied, so that a flood of names does not make it forget what must not be tried again. */
  readonly #failed = new BoundedMap<Failure>(mostRemembered)
  #asking = 0
  #ordering = 0
  #asks: FullAtMs = 0
  #renewals: FullAtMs = 0
  /** By message, of which there are a few. */
  readonly #reportedAtMs = new Map<string, number>()

  constructor(parts: OnDemandParts) {
    this.#parts = parts
    this.#now = parts.now ?? Date.now
    this.#config = parts.config
  }

  /** Names that are being asked about or ordered. */
  get running(): number {
    return this.#running.size
  }

  configure(config: OnDemandConfig | undefined): void {
    this.#config = config
  }

  /** True once a certificate for the name is served. Never rejects. One issuance a name at a time, whoever asks. */
  request(name: string): Promise<boolean> {
    const running = this.#running.get(name)
    if (running !== undefined) return running
    const config = this.#config
    if (config === undefined || this.#stop.signal.aborted) return Promise.resolve(false)
    if (this.#parts.isManaged(name) || this.#isBarred(name)) return Promise.resolve(false)
    if (this.#asking >= mostAsking || !isFree(this.#asks, askLimit, this.#now())) {
      this.#observe('limited')
      this.#report({}, 'no certificates on demand for now: handshakes ask for too many names')
      return Promise.resolve(false)
    }
    this.#asks = take(this.#asks, askLimit, this.#now())
    return this.#run(name, async () => {
      if (!(await this.#isAllowed(name, config))) return false
      const obtained = await this.#inLimits(name, config)
      if (obtained) this.#observe('obtained')
      return obtained
    })
  }

  /** Renews what is due among the certificates that were got on demand and are in use, if it is still allowed. */
  seen(name: string): void {
    const config = this.#config
    const now = this.#now()
    if (config === undefined || this.#running.has(name) || this.#isBarred(name)) return
    if (this.#parts.isManaged(name) || !isFree(this.#renewals, renewalLimit, now)) return
    this.#renewals = take(this.#renewals, renewalLimit, now)
    void this.#run(name, async () => {
      if (!(await this.#parts.isOnDemand(name)) || !(await this.#isAllowed(name, config))) return false
      return this.#whileOrdering(() => this.#obtain(name))
    })
  }

  /** Interrupts what is under way; orders that were placed are resumed when somebody asks for their names again. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running.values())
  }

  #isBarred(name: string): boolean {
    const now = this.#now()
    return now < (this.#denied.get(name) ?? 0) || now < (this.#failed.get(name)?.untilMs ?? 0)
  }

  #run(name: string, work: () => Promise<boolean>): Promise<boolean> {
    const running = work()
      .catch((error: unknown) => {
        // A store that cannot be read, at worst: whoever asks again may be luckier.
        this.#report({ [field.name]: name, [field.error]: toEdgeError(error).message }, 'no certificate on demand')
        return false
      })
      .finally(() => this.#running.delete(name))
    this.#running.set(name, running)
    return running
  }

  async #isAllowed(name: string, { ask: url, timeoutMs }: OnDemandConfig): Promise<boolean> {
    const { ask = askPermission } = this.#parts
    this.#asking++
    try {
      const allowed = await ask({ url, name, timeoutMs, signal: this.#stop.signal })
      if (!allowed) {
        this.#denied.set(name, this.#now() + deniedMs)
        this.#observe('denied')
      }
      return allowed
    } catch (error) {
      this.#denied.set(name, this.#now() + unansweredMs)
      this.#observe('unanswered')
      const { message } = toEdgeError(error)
      this.#report({ [field.error]: message }, 'acme.on_demand.ask does not answer: no certificates on demand')
      return false
    } finally {
      this.#asking--
    }
  }

  /** Orders that are under way, also while the store is asked whether one more may be. */
  async #whileOrdering<T>(work: () => Promise<T>): Promise<T> {
    this.#ordering++
    try {
      return await work()
    } finally {
      this.#ordering--
    }
  }

  async #inLimits(name: string, config: OnDemandConfig): Promise<boolean> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(countTimeoutMs)])
    const take = () => this.#parts.orderLimits.take(name, config.limits, signal)
    if (this.#ordering < mostOrdering) {
      const ordered = await this.#whileOrdering(async () => ((await take()) ? this.#obtain(name) : undefined))
      if (ordered !== undefined) return ordered
    }
    this.#observe('limited')
    this.#report({ [field.name]: name }, 'no certificate on demand: acme.on_demand.limits are reached')
    return false
  }

  async #obtain(name: string): Promise<boolean> {
    const { log, obtain } = this.#parts
    try {
      await obtain(name, this.#stop.signal)
      this.#failed.delete(name)
      return true
    } catch (error) {
      if (this.#stop.signal.aborted) return false
      this.#observe('failed')
      const untilMs = this.#noteFailure(name, error)
      const { code, message } = toEdgeError(error)
      const fields = { [field.name]: name, [field.errorCode]: code, [field.error]: message }
      log.warn({ ...fields, next_attempt: new Date(untilMs).toISOString() }, 'no certificate on demand')
      return false
    }
  }

  #noteFailure(name: string, error: unknown): number {
    const count = (this.#failed.get(name)?.count ?? 0) + 1
    const untilMs = Math.max(this.#now() + (backOffMs[count - 1] ?? dayMs), retryAtMsOf(error))
    this.#failed.set(name, { count, untilMs })
    return untilMs
  }

  #observe(result: DemandResult): void {
    this.#parts.observe?.(result)
  }

  /** Strangers cause these lines: one of a kind a minute is enough to know. */
  #report(fields: object, text: string): void {
    const now = this.#now()
    if (now - (this.#reportedAtMs.get(text) ?? Number.NEGATIVE_INFINITY) < reportEveryMs) return
    this.#reportedAtMs.set(text, now)
    this.#parts.log.warn(fields, text)
  }
}

/** When the CA, or what is known of its limits, allows the next attempt. */
function retryAtMsOf(error: unknown): number {
  const retryAt = error instanceof EdgeError ? Date.parse(String(error.details.retryAt)) : Number.NaN
  return Number.isNaN(retryAt) ? 0 : retryAt
}
