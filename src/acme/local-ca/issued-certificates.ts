import { X509Certificate } from 'node:crypto'
import { accountKeySpki } from './account-key.ts'
import { namesOf } from './leaf-names.ts'
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
  return { status: 200, headers: { link: `<${ca.urls.certificateWithRoot(id)}>;rel="alternate"` }, body: record.pem }
}

/** The other chain (§7.4.2): with the root at its end, for the rare server that must send it. Clients never need that. */
export const certificateWithRootResource: Resource = (request, id, ca) => {
  const record = findOwned(ca.state.certificates, id, request)
  requirePostAsGet(request)
  const link = `<${ca.urls.certificate(id)}>;rel="alternate"`
  return { status: 200, headers: { link }, body: record.pem + ca.authority.rootPem }
}

/** revokeCert (RFC 8555 §7.6), by the account that got it, one that holds its names, or the certificate's own key. */
export const revokeCertificate: Resource = async (request, _id, ca) => {
  const payload = parseJsonObject(request.payload, 'the payload')
  const der = decodeBase64url(payload.certificate, 'certificate')
  const record = ca.state.certificatesBySerial.get(serialOf(der))
  if (!record?.leaf.raw.equals(der))
    throw new Problem('malformed', 'this server did not issue the certificate', { status: 404 })
  if (!mayRevoke(request.signer, record, ca))
    throw new Problem('unauthorized', 'the signer may not revoke this certificate')
  if (!reasons.includes(payload.reason)) throw new Problem('badRevocationReason', 'use one of 0, 1, 3, 4, 5')
  if (record.revocation.kind === 'revoked') throw new Problem('alreadyRevoked', 'the certificate is revoked')
  record.revocation = { kind: 'revoked', revokedAtMs: ca.clock(), reason: Number(payload.reason ?? 0) }
  try {
    await ca.keeper.certificate(record)
  } catch (error) {
    record.revocation = { kind: 'none' }
    throw error
  }
  return { status: 200 }
}

function serialOf(der: Buffer): string {
  try {
    return new X509Certificate(der).serialNumber
  } catch {
    throw new Problem('malformed', 'certificate is no certificate in DER')
  }
}

function mayRevoke(signer: Signer, record: CertificateRecord, ca: Ca): boolean {
  if (signer.kind === 'key') {
    return record.leaf.publicKey.export({ type: 'spki', format: 'der' }).equals(accountKeySpki(signer.key))
  }
  if (record.account === signer.account) return true
  const held = [...ca.state.authorizations.values()].filter(
    (entry) => entry.account === signer.account && authorizationStatus(entry, ca.clock()) === 'valid',
  )
  return namesOf(record.leaf).every((name) => held.some((entry) => entry.host === name))
}
