import { createPrivateKey, X509Certificate } from 'node:crypto'
import { EdgeError } from '../../errors.ts'
import type { Store } from '../../store/contract.ts'
import type { CertificateAuthority } from './certificates.ts'

export type AuthorityRole = 'root' | 'issuing'

/** Key and certificate lie in one value, so that no crash can part them. */
export async function writeAuthority(
  store: Store,
  role: AuthorityRole,
  authority: CertificateAuthority,
): Promise<void> {
  const key = authority.key.export({ type: 'pkcs8', format: 'pem' })
  await store.write(storeKey(role), `${key}${authority.certificate.toString()}`)
}

/** Reads what `writeAuthority` kept; throws ACME_EDGE_LOCALCA_CORRUPT when it is there and unusable. */
export async function readAuthority(store: Store, role: AuthorityRole): Promise<CertificateAuthority | undefined> {
  const bytes = await store.read(storeKey(role))
  if (!bytes) return undefined
  try {
    const key = createPrivateKey(bytes)
    const certificate = new X509Certificate(bytes)
    if (!certificate.ca || !certificate.checkPrivateKey(key))
      throw new Error('key and certificate do not belong together')
    return { key, certificate }
  } catch (cause) {
    throw new EdgeError(
      'ACME_EDGE_LOCALCA_CORRUPT',
      `the local CA's ${role} in ${storeKey(role)} of the store is damaged: restore it, or remove the local-ca folder to make a new CA`,
      { cause },
    )
  }
}

function storeKey(role: AuthorityRole): string {
  return `local-ca/${role}.pem`
}
