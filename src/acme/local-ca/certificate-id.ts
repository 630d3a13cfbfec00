import * as x509 from '@peculiar/x509'
import type { CertificateRecord, State } from './state.ts'

const ids = new WeakMap<CertificateRecord, string>()

/** The name of a certificate in RFC 9773 §4.1: base64url of its authority key identifier, a dot, base64url of its serial. */
export function renewalIdOf(record: CertificateRecord): string {
  const known = ids.get(record)
  if (known !== undefined) return known
  const leaf = new x509.X509Certificate(record.leaf.raw)
  const keyId = leaf.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId ?? ''
  // The serials of this CA are positive as they are: their first bit is never set.
  const id = [keyId, leaf.serialNumber].map((hex) => Buffer.from(hex, 'hex').toString('base64url')).join('.')
  ids.set(record, id)
  return id
}

export function findByRenewalId(state: State, id: string): CertificateRecord | undefined {
  return [...state.certificates.values()].find((record) => renewalIdOf(record) === id)
}
