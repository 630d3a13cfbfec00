import { accountKeySpki } from './account-key.ts'
import { decodeBase64url, parseJsonObject } from './payload.ts'
import { Problem } from './problem.ts'
import { type Ca, findOwned, type Resource, requirePostAsGet } from './resource.ts'
import type { Signer } from './signed-request.ts'
import type { CertificateRecord } from './state.ts'
import { authorizationStatus } from './status.ts'

/** Reasons of RFC 5280 §5.3.1 that a subscriber may give; the others are the CA's own. */
const reasons: readonly unknown[] = [undefined, 0, 1, 3, 4, 5]

/** Download (RFC 8555 §7.4.2): leaf first, then the issuing certificate. */
export const certificateResource: Resource = (request, id, ca) => {
  const record = findOwned(ca.state.certificates, id, request)
  requirePostAsGet(request)
  return { status: 200, body: record.pem }
}

/** revokeCert (RFC 8555 §7.6), by the account that got it, one that holds its names, or the certificate's own key. */
export const revokeCertificate: Resource = (request, _id, ca) => {
  const payload = parseJsonObject(request.payload, 'the payload')
  const der = decodeBase64url(payload.certificate, 'certificate')
  const record = [...ca.state.certificates.values()].find((entry) => entry.leaf.raw.equals(der))
  if (!record) throw new Problem('malformed', 'this server did not issue the certificate', { status: 404 })
  if (!mayRevoke(request.signer, record, ca))
    throw new Problem('unauthorized', 'the signer may not revoke this certificate')
  if (!reasons.includes(payload.reason)) throw new Problem('badRevocationReason', 'use one of 0, 1, 3, 4, 5')
  if (record.revocation === 'revoked') throw new Problem('alreadyRevoked', 'the certificate is revoked')
  record.revocation = 'revoked'
  return { status: 200 }
}

function mayRevoke(signer: Signer, record: CertificateRecord, ca: Ca): boolean {
  if (signer.kind === 'key') {
    return record.leaf.publicKey.export({ type: 'spki', format: 'der' }).equals(accountKeySpki(signer.key))
  }
  if (record.account === signer.account) return true
  const held = [...ca.state.authorizations.values()].filter(
    (entry) => entry.account === signer.account && authorizationStatus(entry, ca.clock()) === 'valid',
  )
  return names(record).every((name) => held.some((entry) => entry.host === name))
}

function names(record: CertificateRecord): string[] {
  return (record.leaf.subjectAltName ?? '').split(', ').map((entry) => entry.replace(/^DNS:/, ''))
}
