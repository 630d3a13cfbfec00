import { certificateId } from '../renewal/certificate-id.ts'
import type { CertificateRecord, State } from './state.ts'

const ids = new WeakMap<CertificateRecord, string>()

/** The name of a certificate in RFC 9773 §4.1, worked out once. */
export function renewalIdOf(record: CertificateRecord): string {
  const id = ids.get(record) ?? certificateId(record.pem)
  ids.set(record, id)
  return id
}

export function findByRenewalId(state: State, id: string): CertificateRecord | undefined {
  return [...state.certificates.values()].find((record) => renewalIdOf(record) === id)
}
