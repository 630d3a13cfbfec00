import { hash, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { EdgeError } from '../errors.ts'
import type { CertificateSet } from './certificate-set.ts'
import {
  type BrokenCertificate,
  certificateFolders,
  leafNames,
  loadCertificate,
  type StoredCertificate,
} from './certificates.ts'
import { fileMode } from './file-store-durable.ts'

/** What choosing among certificates needs of one: some hundred bytes. Key and chain stay in the store. */
export interface CertificateOutline {
  /** The folder's name under `live/`. */
  readonly name: string
  /** DNS names of the leaf, lower case; wildcards as `*.name`. */
  readonly names: readonly string[]
  readonly notAfterMs: number
  /** Of chain and key: tells whether the files are still those. */
  readonly digest: string
}

/** The event loop is given up after so long: ten thousand certificates are read again while requests are served. */
const SLICE_MS = 10

const wholeChain = /^(\s*-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----)+\s*$/
const wholeKey = /^\s*-----BEGIN ((EC |RSA )?PRIVATE KEY)-----[^-]+-----END \1-----\s*$/

/**
 * Outlines every certificate of the store by name, the broken ones as such. Only the leaf is parsed, a tenth of a
 * millisecond: whether the key fits and the chain holds together is found by `loadCertificate`. Where the files do not even
 * look whole it is asked at once, which repairs them or says what is wrong.
 *
 * @param known outlines from before: one whose files are the same is given back itself
 */
export async function outlineCertificates(
  folder: string,
  known: ReadonlyMap<string, CertificateOutline> = new Map(),
): Promise<(CertificateOutline | BrokenCertificate)[]> {
  const found: (CertificateOutline | BrokenCertificate)[] = []
  let sliceStart = performance.now()
  for (const name of await certificateFolders(folder)) {
    const outline = readOutline(folder, name, known.get(name)) ?? (await loadOutline(folder, name))
    if (outline !== undefined) found.push(outline)
    if (performance.now() - sliceStart < SLICE_MS) continue
    await nextTurn()
    sliceStart = performance.now()
  }
  return found
}

export function outlineOf(certificate: StoredCertificate): CertificateOutline {
  const { name, names, notAfterMs } = certificate
  return Object.freeze({ name, names, notAfterMs, digest: digestOf(certificate) })
}

function digestOf({ fullChainPem, privateKeyPem }: CertificateSet): string {
  return hash('sha256', `${fullChainPem}\0${privateKeyPem}`, 'base64')
}

/**
 * `undefined` when there is anything to look into. Synchronous: for thousands of small files that is six times as fast. That
 * a generation may be swapped between the two reads does no harm: the digest fits neither, so that both are read again.
 */
function readOutline(
  folder: string,
  name: string,
  known: CertificateOutline | undefined,
): CertificateOutline | undefined {
  try {
    const [chainFile, keyFile] = ['fullchain.pem', 'privkey.pem'].map((file) => join(folder, 'live', name, file))
    if (chainFile === undefined || keyFile === undefined || (statSync(keyFile).mode & 0o777 & ~fileMode) !== 0)
      return undefined
    const set = { fullChainPem: readFileSync(chainFile, 'utf8'), privateKeyPem: readFileSync(keyFile, 'utf8') }
    const digest = digestOf(set)
    if (digest === known?.digest) return known
    if (!wholeChain.test(set.fullChainPem) || !wholeKey.test(set.privateKeyPem)) return undefined
    const leaf = new X509Certificate(set.fullChainPem)
    return Object.freeze({ name, names: leafNames(leaf), notAfterMs: leaf.validToDate.getTime(), digest })
  } catch {
    return undefined
  }
}

async function loadOutline(folder: string, name: string): Promise<CertificateOutline | BrokenCertificate | undefined> {
  try {
    const found = await loadCertificate(folder, name)
    return found && outlineOf(found)
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error
    return { name, error }
  }
}
