import type { X509Certificate } from 'node:crypto'
import type { Store } from '../../store/contract.ts'
import { type CertificateAuthority, createIntermediate, createRoot, signLeaf } from './certificates.ts'
import { readAuthority, writeAuthority } from './keep-authority.ts'

/** What the CA is asked to sign; the names were validated, the key's owner proved possession in the CSR. */
export interface LeafRequest {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer
  readonly names: readonly string[]
}

export interface IssuedCertificate {
  /** Leaf and issuing certificate, PEM, in the order of RFC 8555 §9.1. */
  readonly pem: string
  readonly leaf: X509Certificate
}

export interface Authority {
  /** The root, PEM: what a client has to trust. */
  readonly rootPem: string
  issue(request: LeafRequest): Promise<IssuedCertificate>
}

export interface AuthorityOptions {
  readonly store: Store
  /** Bounds the wait for the store's lock. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly clock?: () => number
  /** Default 7 days. */
  readonly leafLifeMs?: number
}

const dayMs = 86_400_000
const renewBeforeMs = 30 * dayMs

/**
 * Opens the local CA of a store: a root and an issuing certificate, made on first use and kept under `local-ca/`.
 * Throws ACME_EDGE_LOCALCA_CORRUPT when what is kept cannot be used: a new root would silently void all trust in the old.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { store, signal, clock = Date.now, leafLifeMs = 7 * dayMs } = options
  const lock = await store.lock('local-ca', signal)
  try {
    const root = await openRoot(store, clock())
    const issuing = await openIssuing(store, root, clock())
    return {
      rootPem: root.certificate.toString(),
      issue: async (request) => {
        const leaf = await signLeaf(issuing, { ...request, nowMs: clock(), lifeMs: leafLifeMs })
        return { pem: leaf.toString() + issuing.certificate.toString(), leaf }
      },
    }
  } finally {
    await lock.release()
  }
}

async function openRoot(store: Store, nowMs: number): Promise<CertificateAuthority> {
  const kept = await readAuthority(store, 'root')
  if (kept && isFresh(kept.certificate, nowMs)) return kept
  const root = await createRoot(nowMs)
  await writeAuthority(store, 'root', root)
  return root
}

/** An issuing certificate of an earlier root is replaced: a crash between the two writes leaves exactly that behind. */
async function openIssuing(store: Store, root: CertificateAuthority, nowMs: number): Promise<CertificateAuthority> {
  const kept = await readAuthority(store, 'issuing')
  if (kept && isFresh(kept.certificate, nowMs) && kept.certificate.verify(root.certificate.publicKey)) return kept
  const issuing = await createIntermediate(root, nowMs)
  await writeAuthority(store, 'issuing', issuing)
  return issuing
}

function isFresh(certificate: X509Certificate, nowMs: number): boolean {
  return certificate.validToDate.getTime() - nowMs > renewBeforeMs
}
