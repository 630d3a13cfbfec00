import { parseCertificateNames } from '../acme/certificate-names.ts'
import type { AcmeConfig } from '../config/config.ts'
import type { WantedCertificate } from './managed-certificate.ts'

/** The certificates that the config names; the first name of each is its folder's. */
export function wantedCertificates(acme: AcmeConfig | undefined): WantedCertificate[] {
  return (acme?.certificates ?? []).map((entry) => {
    const names = parseCertificateNames(entry.names)
    return { ...entry, name: String(names[0]), names }
  })
}
