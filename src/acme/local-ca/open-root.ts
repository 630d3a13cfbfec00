import type { KeyObject, X509Certificate } from 'node:crypto'
import { EdgeError } from '../../errors.ts'
import type { Store } from '../../store/contract.ts'
import { type CertificateAuthority, createRoot, type RootOptions } from './certificates.ts'
import { readRoot, writeRoot } from './keep-authority.ts'
import { encodeRootKey, loadRootKey, type RootKeyAccess, writeRootKey } from './root-key.ts'

/** The root's certificate, and its key where it can be had. */
export interface OpenRoot {
  readonly certificate: X509Certificate
  readonly key: KeyObject | undefined
}

export interface RootWish {
  readonly store: Store
  readonly clock: () => number
  /** The root that is made when the store has none; `false`: it must have one. */
  readonly create: RootOptions | false
  /** Where the root's key is, when not in the store as it is. */
  readonly rootKey?: RootKeyAccess
}

const renewBeforeMs = 30 * 86_400_000

/** The root of a store, made where there is none and one may be made. Throws ACME_EDGE_LOCALCA_MISSING, …_CORRUPT, …_ROOTKEY. */
export async function openRoot({ store, clock, create, rootKey = {} }: RootWish): Promise<OpenRoot> {
  const kept = await readRoot(store)
  if (kept && (create === false || isFresh(kept.certificate, clock(), renewBeforeMs))) {
    return { certificate: kept.certificate, key: await loadRootKey(kept, rootKey) }
  }
  if (create === false) throw missing()
  const root = await createRoot(clock(), create)
  await writeNewRoot(store, root, {})
  return root
}

/** The root of a store, without opening anything that needs a key. */
export async function readRootCertificate(store: Store): Promise<X509Certificate> {
  const kept = await readRoot(store)
  if (kept) return kept.certificate
  throw missing()
}

/** Keeps a root that was just made, its key in the store or where `access` says. */
export async function writeNewRoot(store: Store, root: CertificateAuthority, access: RootKeyAccess): Promise<void> {
  const pem = encodeRootKey(root.key, access.passphrase)
  if (access.file !== undefined) await writeRootKey(access.file, pem)
  await writeRoot(store, { certificate: root.certificate, keptPem: access.file === undefined ? pem : undefined })
}

/** Whether it lives for longer than `spareMs` from then on. */
export function isFresh(certificate: X509Certificate, nowMs: number, spareMs: number): boolean {
  return certificate.validToDate.getTime() - nowMs > spareMs
}

function missing(): EdgeError {
  return new EdgeError(
    'ACME_EDGE_LOCALCA_MISSING',
    'there is no local CA in this folder: make one with `acme-edge ca init`',
  )
}
