import { createSecureContext, type SecureContext } from 'node:tls'
import type { StoredCertificate } from '../store/certificates.ts'

/** OpenSSL takes some 30 kB for each: with ten thousand certificates in the store only those that are asked for have one. */
const MOST = 2_000

/**
 * What TLS serves of a certificate, made when a handshake first asks for it: a quarter of a millisecond. A bounded number is
 * kept, those that were asked for last, so that a client who tries every name of a large store does not fill the memory.
 */
export class SecureContexts {
  readonly #most: number
  /** In the order of use. */
  readonly #contexts = new Map<StoredCertificate, SecureContext>()

  constructor(most: number = MOST) {
    this.#most = most
  }

  get size(): number {
    return this.#contexts.size
  }

  /** Throws what OpenSSL says of a key or a certificate that it does not take, such as one that is too weak. */
  of(certificate: StoredCertificate): SecureContext {
    const known = this.#contexts.get(certificate)
    const context = known ?? createSecureContext({ cert: certificate.fullChainPem, key: certificate.privateKeyPem })
    if (known !== undefined) this.#contexts.delete(certificate)
    this.#contexts.set(certificate, context)
    if (this.#contexts.size > this.#most) this.#forgetOldest()
    return context
  }

  forget(certificate: StoredCertificate): void {
    this.#contexts.delete(certificate)
  }

  #forgetOldest(): void {
    for (const certificate of this.#contexts.keys()) {
      this.#contexts.delete(certificate)
      return
    }
  }
}
