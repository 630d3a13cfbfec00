import type { RenewalInfo } from '../acme/renewal/renewal-info.ts'
import { afterDelay, afterFailure, afterInfo, afterInfoFailure, afterSuccess } from '../acme/renewal/renewal-state.ts'
import { EdgeError, toEdgeError } from '../errors.ts'
import { field, type Logger } from '../log.ts'
import type { Store, StoreLock } from '../store/contract.ts'
import type { Lanes } from './lanes.ts'
import { nextStep, type PresentCertificate, type Reason, renewalMs, type Step } from './next-step.ts'
import { isCertificateId, presentCertificate } from './present-certificate.ts'
import { type RenewalRecord, readRenewalRecord, renewalLock, writeRenewalRecord } from './renewal-record.ts'
import type { WantedCertificate } from './wanted-certificates.ts'

export interface ObtainRequest {
  readonly wanted: WantedCertificate
  readonly present: PresentCertificate | undefined
  readonly record: RenewalRecord
  readonly reason: Reason
}

/** How certificates come to be; `src/manage/authorities.ts` is the real one. */
export interface Authorities {
  /** Gets and installs a certificate; answers with the directory of the CA that gave it. */
  obtain(request: ObtainRequest, signal: AbortSignal): Promise<{ readonly directory: string }>
  /** What the certificate's CA says of renewing it; `undefined`: it says nothing of any. */
  ask(id: string, directory: string | undefined, signal: AbortSignal): Promise<RenewalInfo | undefined>
}

export interface ManagementParts {
  readonly store: Store
  /** The folder under which `live/<name>` is installed. */
  readonly folder: string
  /** Brings into the folder what other replicas have installed since. */
  readonly refresh: () => Promise<void>
  readonly authorities: Authorities
  readonly log: Logger
  readonly lanes: Lanes
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** What is known of a managed certificate: for metrics, `list` and the log. */
export interface ManagedStatus {
  readonly name: string
  readonly names: readonly string[]
  readonly notAfterMs: number | undefined
  readonly failures: number
  readonly lastError: { readonly code: string; readonly message: string; readonly atMs: number } | undefined
  /** When it is ordered anew, as far as is known. */
  readonly nextAttemptMs: number
}

/** Another command or another replica may have changed what is there: it is looked at again after so long. */
const LOOK_AGAIN_MS = 15 * 60_000
/** However short a life or a window is: a CA must not be asked for one certificate after the other. */
const LEAST_BETWEEN_ORDERS_MS = 60_000
/** After a fault of the store. */
const STORE_RETRY_MS = 30_000

/** Keeps one certificate valid until its signal aborts. */
export class ManagedCertificate {
  readonly wanted: WantedCertificate
  readonly #parts: ManagementParts
  #hasInfo = true
  #storeFault: string | undefined
  #status: ManagedStatus
  #wake = () => {}
  /** Somebody has changed the config: what failed before may be mended. */
  #isImpatient: boolean

  constructor(wanted: WantedCertificate, parts: ManagementParts, options: { readonly isChanged: boolean }) {
    this.wanted = wanted
    this.#parts = parts
    this.#isImpatient = options.isChanged
    const { name, names } = wanted
    this.#status = { name, names, notAfterMs: undefined, failures: 0, lastError: undefined, nextAttemptMs: parts.now() }
  }

  get status(): ManagedStatus {
    return this.#status
  }

  /** Reads the store, for a fresh `status`. */
  async look(): Promise<void> {
    await this.#look()
  }

  /** The loop looks again at once. */
  wake(): void {
    this.#wake()
  }

  /**
   * Renews it now if it is due, or in any case. What failed before is tried again: somebody asks for it, who may have mended
   * the cause. Throws what the CA or the store says.
   */
  async renewNow({ force }: { readonly force: boolean }, signal: AbortSignal): Promise<'renewed' | 'not due'> {
    this.#isImpatient = true
    const { step, present, record } = await this.#look()
    if (step.kind === 'ask') await this.#ask(present as PresentCertificate, record, signal) // asked about one that is there
    const isDue = step.kind === 'ask' ? (await this.#look()).step.kind === 'obtain' : step.kind === 'obtain'
    if (!isDue && !force) return 'not due'
    const failure = await this.#obtainAlone(signal, force)
    if (failure !== undefined) throw failure.error
    return 'renewed'
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      let untilMs: number
      try {
        untilMs = await this.#step(signal)
        this.#noteStore(undefined)
      } catch (error) {
        if (signal.aborted) return
        this.#noteStore(toEdgeError(error).message)
        untilMs = this.#parts.now() + STORE_RETRY_MS
      }
      await this.#sleep(untilMs, signal)
    }
  }

  /** Does what is to be done, if anything; answers when to look again. */
  async #step(signal: AbortSignal): Promise<number> {
    const { step, present, record } = await this.#look()
    switch (step.kind) {
      case 'wait':
        return Math.min(step.untilMs, this.#parts.now() + LOOK_AGAIN_MS)
      case 'ask':
        await this.#ask(present as PresentCertificate, record, signal) // asked about one that is there
        return this.#parts.now()
      case 'obtain':
        // What comes of it is noted, and looked at next.
        await this.#parts.lanes.run(() => this.#obtainAlone(signal, false), { rank: present?.notAfterMs ?? 0, signal })
        return this.#parts.now()
    }
  }

  async #look(): Promise<Look> {
    const { name, names } = this.wanted
    const [present, record] = await Promise.all([
      presentCertificate(this.#parts, name),
      readRenewalRecord(this.#parts.store, name),
    ])
    const state = this.#isImpatient ? { ...record.state, nextAttemptMs: undefined } : record.state
    const hasInfo = this.#hasInfo && present !== undefined && isCertificateId(present.id)
    const nowMs = this.#parts.now()
    const situation = { wanted: names, present, state, hasInfo, nowMs }
    const step = nextStep(situation)
    this.#status = {
      name,
      names,
      notAfterMs: present?.notAfterMs,
      failures: state.failures,
      lastError: state.lastError,
      nextAttemptMs: Math.max(step.kind === 'obtain' ? nowMs : renewalMs(situation), state.nextAttemptMs ?? 0),
    }
    // A command may have got it from another CA than the last renewal.
    const directory = present?.directory ?? record.directory
    return { step, present, record: { state, directory } }
  }

  async #ask(present: PresentCertificate, record: RenewalRecord, signal: AbortSignal): Promise<void> {
    const { authorities, log, now, store } = this.#parts
    const { name } = this.wanted
    let state = record.state
    try {
      const info = await authorities.ask(present.id, record.directory, signal)
      if (info === undefined) {
        this.#hasInfo = false
        return
      }
      state = afterInfo(state, present, { info, nowMs: now() })
      const { start, end, explanationUrl } = info
      const window = { start: new Date(start).toISOString(), end: new Date(end).toISOString() }
      log.debug({ [field.name]: name, window, explanationUrl }, 'the CA says when to renew')
    } catch (error) {
      if (signal.aborted) throw error
      state = afterInfoFailure(state, present.id, { error, nowMs: now() })
      log.warn(
        { [field.name]: name, [field.error]: toEdgeError(error).message },
        'the CA does not say when to renew; it is renewed by its life',
      )
    }
    await writeRenewalRecord(store, { name, record: { ...record, state } })
  }

  /** Under the lock of the name, after another look: a replica or a command may have done it meanwhile. */
  async #obtainAlone(signal: AbortSignal, force: boolean): Promise<Failure | undefined> {
    const { store } = this.#parts
    const lock = await store.lock(renewalLock(this.wanted.name), signal)
    try {
      await this.#parts.refresh()
      const { step, present, record } = await this.#look()
      const reason = step.kind === 'obtain' ? step.reason : force ? 'forced' : undefined
      return reason && (await this.#obtain({ wanted: this.wanted, present, record, reason }, lock, signal))
    } finally {
      await lock.release()
    }
  }

  async #obtain(request: ObtainRequest, lock: StoreLock, stop: AbortSignal): Promise<Failure | undefined> {
    const signal = AbortSignal.any([stop, lock.signal]) // who has lost the lock must not order beside its successor
    const { authorities, log, now, store } = this.#parts
    const { name } = this.wanted
    this.#isImpatient = false
    log.info({ [field.name]: name, reason: request.reason }, 'getting a certificate')
    try {
      const { directory } = await authorities.obtain(request, signal)
      const state = afterDelay(afterSuccess(now()), now() + LEAST_BETWEEN_ORDERS_MS)
      await this.#check()
      this.#hasInfo = true // another CA may have given it
      await writeRenewalRecord(store, { name, record: { directory, state }, lock })
      log.info({ [field.name]: name, directory }, 'certificate installed')
      return undefined
    } catch (error) {
      if (signal.aborted) throw error
      await this.#noteFailure(error, request, lock)
      return { error }
    }
  }

  /** What was installed has to be what was wanted: otherwise the next look would order again, and again. */
  async #check(): Promise<void> {
    const { name, names } = this.wanted
    const present = await presentCertificate(this.#parts, name)
    const missing = names.filter((one) => !present?.names.includes(one.toLowerCase()))
    if (missing.length === 0) return
    throw new EdgeError(
      'ACME_EDGE_INTERNAL',
      `the certificate that was installed is not there, or lacks ${missing.join(', ')}`,
    )
  }

  async #noteFailure(error: unknown, { present, record }: ObtainRequest, lock: StoreLock): Promise<void> {
    const { store, log, now } = this.#parts
    const { name } = this.wanted
    const delayMs = delayOf(error)
    const state =
      delayMs === undefined
        ? afterFailure(record.state, present ?? { id: name }, { error, nowMs: now() })
        : afterDelay(record.state, delayMs)
    await writeRenewalRecord(store, { name, record: { ...record, state }, lock })
    const { code, message } = toEdgeError(error)
    const times = { next_attempt: isoTime(state.nextAttemptMs), not_after: isoTime(present?.notAfterMs) }
    if (delayMs !== undefined) log.info({ [field.name]: name, reason: message, ...times }, 'the order is delayed')
    else {
      const failed = { [field.errorCode]: code, [field.error]: message, failures: state.failures }
      log.error({ [field.name]: name, ...failed, ...times }, 'no certificate')
    }
  }

  /** A store that is away for an hour is one line in the log, and one when it is back. */
  #noteStore(fault: string | undefined): void {
    if (fault === this.#storeFault) return
    const fields = { [field.name]: this.wanted.name, ...(fault === undefined ? {} : { [field.error]: fault }) }
    if (fault === undefined) this.#parts.log.info(fields, 'the certificate is looked after again')
    else this.#parts.log.error(fields, 'the certificate cannot be looked after; trying again every half minute')
    this.#storeFault = fault
  }

  #sleep(untilMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        this.#wake = () => {}
        resolve()
      }
      const timer = setTimeout(wake, Math.max(0, untilMs - this.#parts.now()))
      signal.addEventListener('abort', wake, { once: true })
      this.#wake = wake
      if (signal.aborted) wake()
    })
  }
}

/** Of the CA or the order; noted and logged already. */
interface Failure {
  readonly error: unknown
}

interface Look {
  readonly step: Step
  readonly present: PresentCertificate | undefined
  readonly record: RenewalRecord
}

/** The budget puts an order off (see rateLimited): that is no failure. */
function delayOf(error: unknown): number | undefined {
  if (!(error instanceof EdgeError) || error.details.delayed !== true) return undefined
  return Date.parse(String(error.details.retryAt))
}

function isoTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}
