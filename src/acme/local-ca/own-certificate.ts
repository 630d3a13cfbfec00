import { generateKeyPairSync } from 'node:crypto'
import type { Authority } from './authority.ts'

/** What a TLS server serves. */
export interface OwnCertificate {
  /** PEM. */
  readonly key: string
  /** PEM, leaf first. */
  readonly cert: string
  readonly renewAtMs: number
}

/** A certificate of the CA for its own server; the key never leaves the memory. */
export async function issueOwnCertificate(authority: Authority, names: readonly string[]): Promise<OwnCertificate> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { pem, leaf } = await authority.issue({ names, publicKey: publicKey.export({ type: 'spki', format: 'der' }) })
  const [startMs, endMs] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()]
  return {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })), // `pem` is text
    cert: pem,
    renewAtMs: startMs + ((endMs - startMs) * 2) / 3,
  }
}
