import { hash } from 'node:crypto'
import { type CertificateSet, splitPem } from './certificate-set.ts'
import type { Store } from './contract.ts'

/** What the folder has of one certificate: since when it is the shared one, and how it looked then. */
export interface KnownCertificate {
  readonly generation: number
  readonly digest: string
}

/** By name. */
export type CertificateIndex = Map<string, KnownCertificate>

const indexKey = 'shared-certificates.json'
const lockName = 'shared-certificates'
/** Processes of this machine that share the folder take turns; one that fetches ten thousand certificates takes a while. */
const LOCK_MS = 120_000

/** Works on the index alone, and keeps what it was changed to, also when the work fails. */
export async function withIndex<T>(local: Store, work: (index: CertificateIndex) => Promise<T>): Promise<T> {
  const lock = await local.lock(lockName, AbortSignal.timeout(LOCK_MS))
  try {
    const index = await readIndex(local)
    const before = JSON.stringify([...index])
    try {
      return await work(index)
    } finally {
      if (JSON.stringify([...index]) !== before)
        await local.write(indexKey, JSON.stringify(Object.fromEntries(index)), { lock })
    }
  } finally {
    await lock.release()
  }
}

/** A damaged index is an empty one: all is compared anew. */
export async function readIndex(local: Store): Promise<CertificateIndex> {
  const bytes = await local.read(indexKey).catch(() => undefined)
  return new Map(Object.entries(JSON.parse(bytes?.toString() ?? '{}') as Record<string, KnownCertificate>)) // checksummed: our own
}

export function digests(index: CertificateIndex): Map<string, string> {
  return new Map([...index].map(([name, { digest }]) => [name, digest]))
}

/** The same for the same certificates and key, however the PEM text is broken into lines between them. */
export function digestOf({ fullChainPem, privateKeyPem }: CertificateSet): string {
  return hash('sha256', `${splitPem(fullChainPem).join('\n')}\0${privateKeyPem.trim()}`, 'base64')
}
