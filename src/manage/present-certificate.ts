import { certificateId } from '../acme/renewal/certificate-id.ts'
import { EdgeError } from '../errors.ts'
import { loadCertificate, type StoredCertificate } from '../store/certificates.ts'
import type { Store } from '../store/contract.ts'
import { revocationKey } from '../store/revocations.ts'
import type { PresentCertificate } from './next-step.ts'

/**
 * The certificate of a name as the store has it. One that cannot be served, whatever is wrong with it, is none: it is
 * replaced. Throws ACME_EDGE_STORE_UNREADABLE when the store itself cannot be asked.
 */
export async function presentCertificate(
  { store, folder }: { readonly store: Store; readonly folder: string },
  name: string,
): Promise<PresentCertificate | undefined> {
  const found = await loadServable(folder, name)
  if (found === undefined) return undefined
  const { names, serial, notBeforeMs, notAfterMs, directory } = found
  const isRevoked = (await store.read(revocationKey(serial))) !== undefined
  return { id: idOf(found), names, notBeforeMs, notAfterMs, isRevoked, directory }
}

/** Whether the CA can be asked about a certificate of this id (see idOf). */
export const isCertificateId = (id: string): boolean => id.includes('.')

async function loadServable(folder: string, name: string): Promise<StoredCertificate | undefined> {
  try {
    return await loadCertificate(folder, name)
  } catch (error) {
    if (error instanceof EdgeError && error.code === 'ACME_EDGE_STORE_UNREADABLE') return undefined
    throw error
  }
}

/** A certificate without authority key (a self-signed one) has no id of RFC 9773; its serial serves for all but asking. */
function idOf({ fullChainPem, serial }: StoredCertificate): string {
  try {
    return certificateId(fullChainPem)
  } catch {
    return serial
  }
}
