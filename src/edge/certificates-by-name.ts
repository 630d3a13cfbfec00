import type { CertificateOutline } from '../store/certificate-outline.ts'

const NONE: readonly CertificateOutline[] = Object.freeze([])

/** Which certificates there are for a host name. Adding and removing one costs the same among ten thousand as among ten. */
export class CertificatesByName {
  readonly #byName = new Map<string, readonly CertificateOutline[]>()

  /** The first that is meant: exact names before wildcards (which cover one label), and of two the one that lives longer. */
  find(name: string, isMeant: (outline: CertificateOutline) => boolean): CertificateOutline | undefined {
    const wildcard = `*${name.slice(name.indexOf('.'))}`
    return this.#byName.get(name)?.find(isMeant) ?? this.#byName.get(wildcard)?.find(isMeant)
  }

  add(outline: CertificateOutline): void {
    for (const name of outline.names) {
      const others = this.#byName.get(name)
      this.#byName.set(name, others === undefined ? [outline] : [...others, outline].sort(longerFirst))
    }
  }

  remove(outline: CertificateOutline): void {
    for (const name of outline.names) {
      const left = (this.#byName.get(name) ?? NONE).filter((other) => other !== outline)
      if (left.length === 0) this.#byName.delete(name)
      else this.#byName.set(name, left)
    }
  }
}

function longerFirst(one: CertificateOutline, other: CertificateOutline): number {
  return other.notAfterMs - one.notAfterMs
}
