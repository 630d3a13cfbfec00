import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { EdgeError } from '../errors.ts'
import {
  archivedSets,
  type CertificateSet,
  isCutShort,
  readSet,
  restoreSet,
  splitPem,
  writeSet,
} from './certificate-set.ts'
import type { StoreLock } from './contract.ts'
import { hasErrno } from './file-store-durable.ts'
import { guard } from './file-store-guard.ts'

/** What a TLS listener needs of one certificate. */
export interface StoredCertificate {
  /** The folder's name under `live/`: the first of the names it was ordered for. */
  readonly name: string
  /** Host names and addresses of the leaf, lower case; wildcards as `*.name`. */
  readonly names: readonly string[]
  /** Leaf first, then the intermediates. */
  readonly fullChainPem: string
  readonly privateKeyPem: string
  readonly serial: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** The directory of the CA that gave it; `undefined`: it is from elsewhere, or nobody noted it. */
  readonly directory?: string | undefined
}

export interface NewCertificate extends CertificateSet {
  readonly name: string
}

/** A certificate folder that cannot be served, and why. */
export interface BrokenCertificate {
  readonly name: string
  readonly error: EdgeError
}

const namePattern = /^(?=.{1,200}$)(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/

/**
 * Installs key and chain as one set: a new generation in `archive/<name>/`, then one swap of the link `live/<name>`, so
 * that no reader finds a key beside a certificate that it does not fit. Refuses a pair that does not fit. Given the lock that it
 * is done under, throws ACME_EDGE_STORE_STALE, and leaves what was there, when somebody has taken that since.
 */
export async function installCertificate(
  folder: string,
  certificate: NewCertificate,
  lock?: StoreLock,
): Promise<StoredCertificate> {
  const parsed = verifyCertificate(certificate)
  await guard('UNWRITABLE', join(folder, 'live', certificate.name), () => writeSet(folder, certificate, lock))
  return parsed
}

/** Key and chain as one thing that can be served. Throws ACME_EDGE_ACME_PROTOCOL when they do not belong together. */
export function verifyCertificate(certificate: NewCertificate): StoredCertificate {
  checkName(certificate.name)
  const parsed = parseCertificate(certificate)
  if (typeof parsed !== 'string') return parsed
  throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', `the certificate for ${certificate.name} cannot be used: ${parsed}`)
}

/**
 * The certificate under `live/<name>`, `undefined` when there is none. Damaged files are restored from the set's own
 * checksummed copy; without one, or with a key that does not fit, throws ACME_EDGE_STORE_UNREADABLE.
 */
export async function loadCertificate(folder: string, name: string): Promise<StoredCertificate | undefined> {
  checkName(name)
  const path = join(folder, 'live', name)
  return guard('UNREADABLE', path, async () => {
    const set = await readSet(folder, name)
    if (!set) return undefined
    const parsed = parseCertificate({ name, ...set })
    if (typeof parsed !== 'string' && !isCutShort(set)) return parsed
    const restored = await restoreSet(folder, name)
    const again = restored && parseCertificate({ name, ...restored })
    if (again && typeof again !== 'string') return again
    const advice = `restore the folder from a backup, or run \`acme-edge issue ${name}\``
    if (typeof parsed !== 'string') return parsed // shorter than it was, but it can be served
    throw new EdgeError('ACME_EDGE_STORE_UNREADABLE', `${path}: ${parsed}; ${advice}`)
  })
}

/**
 * The certificates that were installed under a name, as far as they are kept, the newest first: the one that is served, and those
 * before it. What is damaged is left out.
 */
export async function certificateVersions(folder: string, name: string): Promise<StoredCertificate[]> {
  checkName(name)
  const path = join(folder, 'archive', name)
  const sets = await guard('UNREADABLE', path, async () => [
    await readSet(folder, name),
    ...(await archivedSets(folder, name)),
  ])
  const parsed = sets.flatMap((set) => (set === undefined ? [] : [parseCertificate({ name, ...set })]))
  const versions = parsed.filter((version) => typeof version !== 'string')
  return [...new Map(versions.map((version) => [version.serial, version])).values()]
}

/** Every certificate of the store by name, the broken ones as such: one bad folder does not hide the others. */
export async function listCertificates(folder: string): Promise<(StoredCertificate | BrokenCertificate)[]> {
  const found: (StoredCertificate | BrokenCertificate)[] = []
  for (const name of await certificateFolders(folder)) {
    try {
      const certificate = await loadCertificate(folder, name)
      if (certificate) found.push(certificate)
    } catch (error) {
      if (!(error instanceof EdgeError)) throw error
      found.push({ name, error })
    }
  }
  return found
}

/** The names of the folders under `live/` that are named as certificates are, sorted. */
export async function certificateFolders(folder: string): Promise<string[]> {
  const live = join(folder, 'live')
  const entries = await guard('UNREADABLE', live, () => readdir(live).catch(emptyWhenMissing))
  return entries.filter((entry) => namePattern.test(entry)).sort()
}

/** The host names and addresses of a leaf: lower case, IPv6 as RFC 5952 writes it. */
export function leafNames(leaf: X509Certificate): string[] {
  const entries = (leaf.subjectAltName ?? '').split(', ')
  return entries.flatMap((entry) => {
    if (entry.startsWith('DNS:')) return [entry.slice(4).toLowerCase()]
    return entry.startsWith('IP Address:') ? [addressOf(entry.slice(11))] : []
  })
}

/** OpenSSL writes all eight groups of an IPv6 address; a URL is the shortest way to the canonical form. */
function addressOf(text: string): string {
  return isIPv6(text) ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text
}

/** Key and chain as one thing, or the sentence that says what is wrong with them. */
function parseCertificate(certificate: NewCertificate): StoredCertificate | string {
  try {
    const chain = splitPem(certificate.fullChainPem).map((pem) => new X509Certificate(pem))
    const [leaf] = chain
    if (!leaf) return 'no certificate in the chain'
    if (chain.length < certificate.fullChainPem.split('-----BEGIN CERTIFICATE-----').length - 1)
      return `certificate ${chain.length + 1} of the chain is cut short`
    const broken = chain.findIndex((item, i) => i > 0 && !chain[i - 1]?.verify(item.publicKey))
    if (broken > 0) return `certificate ${broken} of the chain is not signed by the next one`
    if (!leaf.checkPrivateKey(createPrivateKey(certificate.privateKeyPem)))
      return 'the private key does not fit the certificate'
    return describe(certificate, leaf)
  } catch (error) {
    return `the files are damaged (${error instanceof Error ? error.message : String(error)})`
  }
}

function describe(certificate: NewCertificate, leaf: X509Certificate): StoredCertificate {
  const { name, fullChainPem, privateKeyPem, directory } = certificate
  return Object.freeze({
    name,
    fullChainPem,
    privateKeyPem,
    directory,
    names: Object.freeze(leafNames(leaf)),
    serial: leaf.serialNumber.toLowerCase(),
    notBeforeMs: leaf.validFromDate.getTime(),
    notAfterMs: leaf.validToDate.getTime(),
  })
}

function checkName(name: string): void {
  if (namePattern.test(name)) return
  throw new EdgeError(
    'ACME_EDGE_STORE_KEY_INVALID',
    `${JSON.stringify(name)} cannot be the name of a certificate folder`,
  )
}

function emptyWhenMissing(error: unknown): string[] {
  if (hasErrno(error, 'ENOENT')) return []
  throw error
}
