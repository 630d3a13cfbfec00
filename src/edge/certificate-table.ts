import type { Socket } from 'node:net'
import type { SecureContext, TLSSocket } from 'node:tls'
import { toEdgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { field } from '../log.ts'
import { listCertificates, loadCertificate, type StoredCertificate } from '../store/certificates.ts'
import { SecureContexts } from './secure-contexts.ts'

/** RFC 6066 §3 as a TLS record: fatal alert 112, unrecognized_name. OpenSSL's own answer would be handshake_failure. */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 112])

type SniCallback = (
  this: TLSSocket,
  name: string,
  callback: (error: Error | null, context?: SecureContext) => void,
) => void

/**
 * The certificates that TLS listeners serve, by name. A certificate is replaced by swapping its entry: handshakes that
 * have begun keep the old one, the next take the new one, and no connection is dropped. All are read and checked at the
 * start; what OpenSSL needs of one is made when a client first asks for it.
 */
export class CertificateTable {
  readonly #folder: string
  readonly #log: Logger
  #byFolder = new Map<string, StoredCertificate>()
  #byName = new Map<string, StoredCertificate>()
  #contexts = new SecureContexts()

  constructor(folder: string, log: Logger) {
    this.#folder = folder
    this.#log = log
  }

  /** Reads all certificates of the store; a broken one is logged and left out, so that the others are served. */
  async loadAll(): Promise<void> {
    const found = await listCertificates(this.#folder)
    this.#byFolder = new Map()
    this.#contexts = new SecureContexts()
    for (const one of found) {
      if ('error' in one) this.#logUnserved(one.name, one.error)
      else this.#byFolder.set(one.name, one)
    }
    this.#index()
  }

  /** Reads one certificate again, after it was installed. Throws what is wrong with it, and serves the old one on. */
  async reload(name: string): Promise<void> {
    const found = await loadCertificate(this.#folder, name)
    if (found !== undefined) this.#contexts.of(found) // whoever installs it is told what OpenSSL says of it
    const before = this.#byFolder.get(name)
    if (before !== undefined) this.#contexts.forget(before)
    if (found === undefined) this.#byFolder.delete(name)
    else this.#byFolder.set(name, found)
    this.#index()
  }

  certificates(): StoredCertificate[] {
    return [...this.#byFolder.values()]
  }

  /** For tls.Server: the context for a name, or the alert that says that there is none. */
  sniCallback(): SniCallback {
    const find = (name: string) => this.#contextFor(name.toLowerCase())
    return function (name, callback) {
      const context = find(name)
      if (context !== undefined) return callback(null, context)
      const { _parent: connection } = this as unknown as { _parent?: Socket } // the TCP socket: no ServerHello yet, so alerts are plain
      if (connection === undefined) callback(new Error('no certificate for the name'))
      else connection.write(UNRECOGNIZED_NAME, () => callback(new Error('no certificate for the name')))
    }
  }

  /** Each turn of the loop that finds no context leaves one certificate less. */
  #contextFor(name: string): SecureContext | undefined {
    for (;;) {
      const certificate = this.#byName.get(name) ?? this.#byName.get(`*${name.slice(name.indexOf('.'))}`)
      if (certificate === undefined) return undefined
      try {
        return this.#contexts.of(certificate)
      } catch (error) {
        this.#logUnserved(certificate.name, error)
        this.#byFolder.delete(certificate.name)
        this.#index()
      }
    }
  }

  #logUnserved(name: string, error: unknown): void {
    this.#log.error({ [field.name]: name, [field.error]: toEdgeError(error).message }, 'certificate not served')
  }

  /** Of two certificates for one name the one that lives longer is served. */
  #index(): void {
    const byName = new Map<string, StoredCertificate>()
    for (const certificate of this.#byFolder.values()) {
      for (const name of certificate.names) {
        const other = byName.get(name)
        if (other === undefined || other.notAfterMs < certificate.notAfterMs) byName.set(name, certificate)
      }
    }
    this.#byName = byName
  }
}
