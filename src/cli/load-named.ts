import { EdgeError } from '../errors.ts'
import { loadCertificate, type StoredCertificate } from '../store/certificates.ts'

/** The certificate that is served under the name. Throws ACME_EDGE_USAGE when there is none. */
export async function loadNamed(folder: string, name: string): Promise<StoredCertificate> {
  const found = await loadCertificate(folder, name)
  if (found !== undefined) return found
  throw new EdgeError('ACME_EDGE_USAGE', `there is no certificate ${name}: see \`acme-edge list\``)
}
