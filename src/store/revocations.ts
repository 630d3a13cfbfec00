import { createHash, type X509Certificate } from 'node:crypto'
import type { Store } from './contract.ts'

/** Where it is noted that a certificate was revoked, and so is to be replaced; the serial in lower-case hex. */
export const revocationKey = (serial: string): string => `revoked/${serial.toLowerCase()}`

/** Where it is noted that others know a key, whatever certificate it is in. */
const compromisedKey = (publicKeyDigest: string): string => `compromised/${publicKeyDigest}`

export interface Revocation {
  readonly reason: string
  readonly atMs: number
}

/** Notes that a certificate was revoked; after a compromise its key, too, which is then never used again. */
export async function noteRevocation(store: Store, leaf: X509Certificate, revocation: Revocation): Promise<void> {
  const { reason, atMs } = revocation
  const text = JSON.stringify({ reason, at: new Date(atMs).toISOString() })
  if (reason === 'keyCompromise') await store.write(compromisedKey(digestOf(leaf)), text)
  await store.write(revocationKey(leaf.serialNumber), text)
}

/** Whether others are known to have the key of this certificate. */
export async function isCompromised(store: Store, leaf: X509Certificate): Promise<boolean> {
  return (await store.read(compromisedKey(digestOf(leaf)))) !== undefined
}

function digestOf(leaf: X509Certificate): string {
  const spki = leaf.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('hex')
}
