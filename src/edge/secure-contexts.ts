import type { SecureContext } from 'node:tls'
import type { CertificateOutline } from '../store/certificate-outline.ts'

/** OpenSSL takes some 30 kB for each: with ten thousand certificates in the store only those that are asked for have one. */
const MOST = 2_000

/**
 * What TLS serves of certificates. A bounded number is kept, those that were asked for last, so that a client who tries every
 * name of a large store does not fill the memory.
 */
export class SecureContexts {
  readonly #most: number
  /** In the order of use. */
  readonly #contexts = new Map<CertificateOutline, SecureContext>()

  constructor(most: number = MOST) {
    this.#most = most
  }

  get size(): number {
    return this.#contexts.size
  }

  find(certificate: CertificateOutline): SecureContext | undefined {
    const context = this.#contexts.get(certificate)
    if (context !== undefined) this.keep(certificate, context)
    return context
  }

  keep(certificate: CertificateOutline, context: SecureContext): void {
    this.#contexts.delete(certificate)
    this.#contexts.set(certificate, context)
    if (this.#contexts.size > this.#most) this.#forgetOldest()
  }

  forget(certificate: CertificateOutline): void {
    this.#contexts.delete(certificate)
  }

  #forgetOldest(): void {
    for (const certificate of this.#contexts.keys()) {
      this.#contexts.delete(certificate)
      return
    }
  }
}
