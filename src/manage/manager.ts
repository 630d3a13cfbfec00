import { Lanes } from './lanes.ts'
import { ManagedCertificate, type ManagedStatus, type ManagementParts } from './managed-certificate.ts'
import type { WantedCertificate } from './wanted-certificates.ts'

/** Orders that are under way at a time. */
const ORDERS_AT_ONCE = 8

interface Running {
  readonly certificate: ManagedCertificate
  readonly ended: Promise<void>
  stop(): void
}

/**
 * Keeps the certificates of the config valid: gets those that are missing, most urgent first, and renews each when its CA
 * says so. Each certificate has a loop of its own, so that one that fails holds up no other.
 */
export class CertificateManager {
  readonly #parts: ManagementParts
  readonly #running = new Map<string, Running>()
  /** Those that were told to stop and have not yet. */
  readonly #stopping = new Set<Promise<void>>()

  constructor(parts: Omit<ManagementParts, 'lanes'>) {
    this.#parts = { ...parts, lanes: new Lanes(ORDERS_AT_ONCE) }
  }

  /** From now on these are looked after, and no others. One that has changed is tried at once, whatever failed before. */
  manage(wanted: readonly WantedCertificate[]): void {
    const names = new Set(wanted.map(({ name }) => name))
    for (const [name, running] of this.#running) if (!names.has(name)) this.#stop(name, running)
    for (const one of wanted) {
      const known = this.#running.get(one.name)
      if (known !== undefined && isSame(known.certificate.wanted, one)) continue
      if (known !== undefined) this.#stop(one.name, known)
      this.#start(one, known !== undefined)
    }
  }

  /** Looks at a certificate again at once; all of them without a name. */
  wake(name?: string): void {
    for (const { certificate } of this.#running.values())
      if (name === undefined || certificate.wanted.name === name) certificate.wake()
  }

  statuses(): ManagedStatus[] {
    return Array.from(this.#running.values(), ({ certificate }) => certificate.status)
  }

  /** Interrupts what is under way; an order that was placed is resumed at the next start. */
  async close(): Promise<void> {
    for (const [name, running] of this.#running) this.#stop(name, running)
    await Promise.all(this.#stopping)
  }

  #start(wanted: WantedCertificate, isChanged: boolean): void {
    const certificate = new ManagedCertificate(wanted, this.#parts, { isChanged })
    const controller = new AbortController()
    const ended = certificate.run(controller.signal)
    this.#running.set(wanted.name, { certificate, ended, stop: () => controller.abort() })
  }

  #stop(name: string, running: Running): void {
    this.#running.delete(name)
    running.stop()
    this.#stopping.add(running.ended)
    void running.ended.finally(() => this.#stopping.delete(running.ended))
  }
}

function isSame(one: WantedCertificate, other: WantedCertificate): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
