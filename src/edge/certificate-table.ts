import type { Socket } from 'node:net'
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { toEdgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { field } from '../log.ts'
import {
  type BrokenCertificate,
  listCertificates,
  loadCertificate,
  type StoredCertificate,
} from '../store/certificates.ts'

/** RFC 6066 §3 as a TLS record: fatal alert 112, unrecognized_name. OpenSSL's own answer would be handshake_failure. */
const UNRECOGNIZED_NAME = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 112])

interface Entry {
  readonly certificate: StoredCertificate
  readonly context: SecureContext
}

type SniCallback = (
  this: TLSSocket,
  name: string,
  callback: (error: Error | null, context?: SecureContext) => void,
) => void

/**
 * The certificates that TLS listeners serve, by name. A certificate is replaced by swapping its entry: handshakes that
 * have begun keep the old one, the next take the new one, and no connection is dropped.
 */
export class CertificateTable {
  readonly #folder: string
  readonly #log: Logger
  #byFolder = new Map<string, Entry>()
  #byName = new Map<string, Entry>()

  constructor(folder: string, log: Logger) {
    this.#folder = folder
    this.#log = log
  }

  /** Reads all certificates of the store; a broken one is logged and left out, so that the others are served. */
  async loadAll(): Promise<void> {
    const found = await listCertificates(this.#folder)
    this.#byFolder = new Map()
    for (const one of found) this.#takeIfWhole(one)
    this.#index()
  }

  /** Reads one certificate again, after it was installed. Throws what `loadCertificate` throws, and serves the old one on. */
  async reload(name: string): Promise<void> {
    const found = await loadCertificate(this.#folder, name)
    if (found === undefined) this.#byFolder.delete(name)
    else this.#take(found)
    this.#index()
  }

  certificates(): StoredCertificate[] {
    return [...this.#byFolder.values()].map(({ certificate }) => certificate)
  }

  /** For tls.Server: the context for a name, or the alert that says that there is none. */
  sniCallback(): SniCallback {
    const find = (name: string) => this.#find(name.toLowerCase())
    return function (name, callback) {
      const entry = find(name)
      if (entry !== undefined) return callback(null, entry.context)
      const { _parent: connection } = this as unknown as { _parent?: Socket } // the TCP socket: no ServerHello yet, so alerts are plain
      if (connection === undefined) callback(new Error('no certificate for the name'))
      else connection.write(UNRECOGNIZED_NAME, () => callback(new Error('no certificate for the name')))
    }
  }

  #find(name: string): Entry | undefined {
    return this.#byName.get(name) ?? this.#byName.get(`*${name.slice(name.indexOf('.'))}`)
  }

  #takeIfWhole(found: StoredCertificate | BrokenCertificate): void {
    try {
      if ('error' in found) throw found.error
      this.#take(found)
    } catch (error) {
      this.#log.error({ [field.name]: found.name, [field.error]: toEdgeError(error).message }, 'certificate not served')
    }
  }

  #take(found: StoredCertificate): void {
    const context = createSecureContext({ cert: found.fullChainPem, key: found.privateKeyPem })
    this.#byFolder.set(found.name, { certificate: found, context })
  }

  /** Of two certificates for one name the one that lives longer is served. */
  #index(): void {
    const byName = new Map<string, Entry>()
    for (const entry of this.#byFolder.values()) {
      for (const name of entry.certificate.names) {
        const other = byName.get(name)
        if (other === undefined || other.certificate.notAfterMs < entry.certificate.notAfterMs) byName.set(name, entry)
      }
    }
    this.#byName = byName
  }
}
