import { createPrivateKey, X509Certificate } from 'node:crypto'
import { EdgeError } from '../../errors.ts'
import type { Store } from '../../store/contract.ts'
import type { CertificateAuthority } from './certificates.ts'

/** The root as the folder has it. */
export interface KeptRoot {
  readonly certificate: X509Certificate
  /** PEM, maybe encrypted; `undefined` when it was made to be kept elsewhere. */
  readonly keptPem: string | undefined
}

const rootKey = 'local-ca/root.pem'
const issuingKey = 'local-ca/issuing.pem'
const retiredPrefix = 'local-ca/retired/'
/** Stands before the certificate (RFC 7468 §2 allows text there), so that a key that got lost is not taken for one that was never there. */
const elsewhere = 'The key of this root is kept elsewhere.\n'

/** Key and certificate lie in one value, so that no crash can part them. `keptPem` undefined: the key is kept elsewhere. */
export async function writeRoot(store: Store, { certificate, keptPem }: KeptRoot): Promise<void> {
  await store.write(rootKey, `${keptPem ?? elsewhere}${certificate.toString()}`)
}

/** Throws ACME_EDGE_LOCALCA_CORRUPT when it is there and unusable, as all that read here do. */
export async function readRoot(store: Store): Promise<KeptRoot | undefined> {
  const bytes = await store.read(rootKey)
  if (!bytes) return undefined
  return parse(rootKey, () => {
    const text = bytes.toString('latin1')
    const certificate = new X509Certificate(bytes)
    if (!certificate.ca) throw new Error('it is no certificate of a CA')
    if (text.startsWith(elsewhere)) return { certificate, keptPem: undefined }
    const keptPem = /-----BEGIN (ENCRYPTED )?PRIVATE KEY-----[^-]+-----END \1?PRIVATE KEY-----\n/.exec(text)?.[0]
    if (keptPem === undefined) throw new Error('its key is missing')
    if (!keptPem.includes('ENCRYPTED')) requireFit({ certificate, key: createPrivateKey(keptPem) })
    return { certificate, keptPem }
  })
}

export async function writeIssuing(store: Store, authority: CertificateAuthority): Promise<void> {
  await store.write(issuingKey, toPem(authority))
}

export async function readIssuing(store: Store): Promise<CertificateAuthority | undefined> {
  return readPair(store, issuingKey)
}

/** An issuing certificate that has a successor still signs its revocation list, until it ends. */
export async function writeRetired(store: Store, authority: CertificateAuthority): Promise<void> {
  await store.write(`${retiredPrefix}${authority.certificate.serialNumber}.pem`, toPem(authority))
}

/** Those that have not ended; the others are removed. */
export async function readRetired(store: Store, nowMs: number): Promise<CertificateAuthority[]> {
  const keys = await store.list(retiredPrefix)
  const kept = await Promise.all(
    keys.map(async (key) => {
      const pair = await readPair(store, key)
      if (pair && pair.certificate.validToDate.getTime() > nowMs) return pair
      await store.remove(key)
      return undefined
    }),
  )
  return kept.filter((pair) => pair !== undefined)
}

async function readPair(store: Store, storeKey: string): Promise<CertificateAuthority | undefined> {
  const bytes = await store.read(storeKey)
  if (!bytes) return undefined
  return parse(storeKey, () => requireFit({ key: createPrivateKey(bytes), certificate: new X509Certificate(bytes) }))
}

function requireFit(authority: CertificateAuthority): CertificateAuthority {
  const { key, certificate } = authority
  if (certificate.ca && certificate.checkPrivateKey(key)) return authority
  throw new Error('key and certificate do not belong together')
}

function parse<T>(storeKey: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new EdgeError(
      'ACME_EDGE_LOCALCA_CORRUPT',
      `the local CA's ${storeKey} in the store is damaged: restore it, or remove the local-ca folder to make a new CA`,
      { cause },
    )
  }
}

function toPem({ key, certificate }: CertificateAuthority): string {
  return `${key.export({ type: 'pkcs8', format: 'pem' })}${certificate.toString()}`
}
