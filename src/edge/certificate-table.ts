import { isIP } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import { toEdgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { field } from '../log.ts'
import { type CertificateOutline, outlineCertificates, outlineOf } from '../store/certificate-outline.ts'
import { loadCertificate, type StoredCertificate } from '../store/certificates.ts'
import { CertificatesByName } from './certificates-by-name.ts'
import type { Demand } from './demand.ts'
import { SecureContexts } from './secure-contexts.ts'
import { createSniCallback, type SniCallback } from './sni-callback.ts'

/**
 * A certificate that could not be served is passed over for so long: a store that cannot be read for a moment (no free file
 * descriptor) or a folder that is being edited has not made its names go away.
 */
const RETRY_MS = 1_000
/** Each try serves, or leaves one certificate less, or finds that its files are new ones: who edits them without end waits. */
const MOST_TRIES = 8

interface Failure {
  readonly untilMs: number
  readonly message: string
}

export interface CertificateTableOptions {
  /** Monotonic milliseconds. Default: `performance.now`. */
  readonly elapsed?: () => number
  readonly contexts?: SecureContexts
  /** Who is asked for what is not there, or has expired. Default: nobody. */
  readonly demand?: Demand | undefined
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number
}

/**
 * The certificates that TLS listeners serve, by name. A certificate is replaced by swapping its entry: handshakes that
 * have begun keep the old one, the next take the new one, and no connection is dropped. The start learns names and ends
 * alone; the rest is read, checked and made ready when a client first asks for it, so that ten thousand certificates
 * neither hold up the start nor fill the memory.
 */
export class CertificateTable {
  readonly #folder: string
  readonly #log: Logger
  readonly #elapsed: () => number
  readonly #contexts: SecureContexts
  readonly #demand: Demand | undefined
  readonly #now: () => number
  readonly #byName = new CertificatesByName()
  readonly #byFolder = new Map<string, CertificateOutline>()
  readonly #loading = new Map<CertificateOutline, Promise<SecureContext | undefined>>()
  readonly #failures = new Map<CertificateOutline, Failure>()
  readonly #addressListeners: ((certificate: StoredCertificate | undefined) => void)[] = []
  #addressCertificate: StoredCertificate | undefined
  #addressOutline: CertificateOutline | undefined
  /** All and one are not read at once: the later of two readings is the one that counts. */
  #reading: Promise<unknown> = Promise.resolve()

  constructor(folder: string, log: Logger, options: CertificateTableOptions = {}) {
    this.#folder = folder
    this.#log = log
    this.#elapsed = options.elapsed ?? (() => performance.now())
    this.#contexts = options.contexts ?? new SecureContexts()
    this.#demand = options.demand
    this.#now = options.now ?? Date.now
  }

  /** Looks through the store; a broken certificate is logged and left out, so that the others are served. */
  loadAll(): Promise<void> {
    return this.#inTurn(async () => {
      const found = await outlineCertificates(this.#folder, this.#byFolder)
      const gone = new Set(this.#byFolder.keys())
      for (const one of found) {
        if ('error' in one) this.#logUnserved(one.name, one.error)
        else {
          gone.delete(one.name)
          this.#replace(one.name, one)
        }
      }
      for (const name of gone) this.#replace(name, undefined)
      await this.#serveAddresses()
    })
  }

  /** Reads one certificate again, after it was installed. Throws what is wrong with it, and serves the old one on. */
  reload(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const found = await loadCertificate(this.#folder, name)
      const context = found && contextOf(found) // whoever installs it is told what OpenSSL says of it
      const outline = found && outlineOf(found)
      this.#replace(name, outline)
      if (outline !== undefined && context !== undefined) this.#contexts.keep(outline, context)
      await this.#serveAddresses()
    })
  }

  /** Those that are served, or will be once a client asks for them. */
  certificates(): CertificateOutline[] {
    return [...this.#byFolder.values()].filter((outline) => !this.#isPassedOver(outline))
  }

  /**
   * Calls back, now and whenever that changes, with what is served to clients that name no host, as those do that ask for an
   * address (RFC 6066 §3): of the certificates for addresses the one that lives longest.
   */
  onAddressCertificate(listener: (certificate: StoredCertificate | undefined) => void): void {
    this.#addressListeners.push(listener)
    if (this.#addressCertificate !== undefined) listener(this.#addressCertificate)
  }

  /** For tls.Server. */
  sniCallback(): SniCallback {
    return createSniCallback({ ready: (name) => this.#ready(name), find: (name) => this.#find(name) })
  }

  async #serveAddresses(): Promise<void> {
    const outlines = [...this.#byFolder.values()].filter(({ names }) => names.some((name) => isIP(name) !== 0))
    const [outline] = outlines.sort((one, other) => other.notAfterMs - one.notAfterMs)
    if (outline === this.#addressOutline) return
    try {
      const found = outline && (await loadCertificate(this.#folder, outline.name))
      if (found !== undefined) contextOf(found)
      for (const listener of this.#addressListeners) listener(found)
      this.#addressCertificate = found
      this.#addressOutline = outline
    } catch (error) {
      this.#logUnserved(outline?.name ?? '', error) // the one before is served on
    }
  }

  #ready(name: string): SecureContext | undefined {
    const outline = this.#choose(name)
    if (outline === undefined || this.#isDemanded(outline)) return undefined
    const context = this.#contexts.find(outline)
    if (context !== undefined) this.#demand?.seen(name)
    return context
  }

  async #find(name: string): Promise<SecureContext | undefined> {
    const outline = this.#choose(name)
    if (this.#demand !== undefined && (outline === undefined || this.#isDemanded(outline))) {
      await this.#demand.wait(name) // whatever comes of it: an expired certificate is still served then
    } else this.#demand?.seen(name)
    return this.#findPresent(name)
  }

  /** A certificate that has expired, where somebody may get another one. */
  #isDemanded({ notAfterMs }: CertificateOutline): boolean {
    return this.#demand !== undefined && notAfterMs <= this.#now()
  }

  async #findPresent(name: string): Promise<SecureContext | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const outline = this.#choose(name)
      if (outline === undefined) return undefined
      const context = this.#contexts.find(outline) ?? (await this.#load(outline))
      if (context !== undefined) return context
    }
    return undefined
  }

  #choose(name: string): CertificateOutline | undefined {
    return this.#byName.find(name, (outline) => !this.#isPassedOver(outline))
  }

  #isPassedOver(outline: CertificateOutline): boolean {
    const failure = this.#failures.get(outline)
    return failure !== undefined && this.#elapsed() < failure.untilMs
  }

  /** Handshakes for one name read its files once. */
  #load(outline: CertificateOutline): Promise<SecureContext | undefined> {
    const known = this.#loading.get(outline)
    if (known !== undefined) return known
    const loading = this.#read(outline)
      .catch((error: unknown) => this.#fail(outline, error))
      .finally(() => this.#loading.delete(outline))
    this.#loading.set(outline, loading)
    return loading
  }

  /** `undefined`: the files are no longer those of the outline, which is replaced. */
  async #read(outline: CertificateOutline): Promise<SecureContext | undefined> {
    const { name, digest } = outline
    const found = await loadCertificate(this.#folder, name)
    if (this.#byFolder.get(name) !== outline) return undefined // replaced meanwhile
    const current = found && outlineOf(found)
    if (found === undefined || current?.digest !== digest) {
      this.#log.info({ [field.name]: name }, 'certificate files changed')
      this.#replace(name, current)
      return undefined
    }
    const context = contextOf(found)
    this.#failures.delete(outline)
    this.#contexts.keep(outline, context)
    return context
  }

  #fail(outline: CertificateOutline, error: unknown): undefined {
    const { message } = toEdgeError(error)
    if (this.#failures.get(outline)?.message !== message) this.#logUnserved(outline.name, error)
    if (this.#byFolder.get(outline.name) !== outline) return
    this.#failures.set(outline, { untilMs: this.#elapsed() + RETRY_MS, message })
  }

  #logUnserved(name: string, error: unknown): void {
    this.#log.error({ [field.name]: name, [field.error]: toEdgeError(error).message }, 'certificate not served')
  }

  #replace(name: string, next: CertificateOutline | undefined): void {
    const before = this.#byFolder.get(name)
    if (before === next) return
    if (before !== undefined) {
      this.#byName.remove(before)
      this.#contexts.forget(before)
      this.#failures.delete(before)
    }
    if (next === undefined) this.#byFolder.delete(name)
    else {
      this.#byFolder.set(name, next)
      this.#byName.add(next)
    }
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#reading.then(work)
    this.#reading = done.catch(() => undefined)
    return done
  }
}

/** Throws what OpenSSL says of a key or a certificate that it does not take, such as one that is too weak. */
function contextOf({ fullChainPem, privateKeyPem }: StoredCertificate): SecureContext {
  return createSecureContext({ cert: fullChainPem, key: privateKeyPem })
}
