import { folderNameOf, parseCertificateNames } from '../acme/certificate-names.ts'
import type { CertificateWish } from '../acme/certificate-wish.ts'
import type { AcmeConfig } from '../config/config.ts'

/** A certificate that is looked after; the first of its names is its folder's, as the store spells it. */
export type WantedCertificate = { readonly name: string } & Omit<CertificateWish, 'replaces'>

/** The certificates that the config names. */
export function wantedCertificates(acme: AcmeConfig | undefined): WantedCertificate[] {
  return (acme?.certificates ?? []).map((entry) => {
    const names = parseCertificateNames(entry.names)
    return { ...entry, name: folderNameOf(names), names }
  })
}
