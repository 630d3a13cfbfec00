import { certificateId } from '../renewal/certificate-id.ts'
import type { CertificateRecord, State } from './state.ts'

/** The certificate that RFC 9773 §4.1 names so: the key identifier of its issuer, a dot, its serial number. */
export function findByRenewalId(state: State, id: string): CertificateRecord | undefined {
  const serial = Buffer.from(id.slice(id.indexOf('.') + 1), 'base64url')
    .toString('hex')
    .toUpperCase()
  const record = state.certificatesBySerial.get(serial)
  return record && renewalIdOf(record) === id ? record : undefined
}

export function renewalIdOf({ pem }: CertificateRecord): string {
  return certificateId(pem)
}
