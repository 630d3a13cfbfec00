import * as x509 from '@peculiar/x509'
import type { RevokedCertificate } from './authority.ts'
import { type CertificateAuthority, importSigningKey, signingAlgorithm } from './certificates.ts'
import { encodeDerInteger } from './der.ts'

const crlNumberOid = '2.5.29.20'
/** A list is made anew whenever it is asked for; whoever keeps one may do so for a day. */
const lifeMs = 86_400_000

/** The list of what one issuing certificate signed and the CA has revoked since (RFC 5280 §5), DER. */
export async function signRevocationList(
  issuer: CertificateAuthority,
  revoked: readonly RevokedCertificate[],
  nowMs: number,
): Promise<Buffer> {
  const certificate = new x509.X509Certificate(issuer.certificate.raw)
  const list = await x509.X509CrlGenerator.create({
    issuer: certificate.subjectName,
    signingKey: await importSigningKey(issuer.key),
    signingAlgorithm,
    thisUpdate: new Date(nowMs),
    nextUpdate: new Date(nowMs + lifeMs),
    entries: revoked.map(({ leaf, revokedAtMs, reason }) => ({
      serialNumber: leaf.serialNumber,
      revocationDate: new Date(revokedAtMs),
      // RFC 5280 §5.3.1: "unspecified" is said by saying nothing.
      ...(reason !== 0 && { reason }),
    })),
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(certificate.publicKey),
      // RFC 5280 §5.2.3: grows from list to list, as the time does.
      new x509.Extension(crlNumberOid, false, encodeDerInteger(BigInt(Math.trunc(nowMs)))),
    ],
  })
  return Buffer.from(list.rawData)
}
