import { KeyObject, randomBytes, type webcrypto, X509Certificate } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { LeafRequest } from './authority.ts'
import { localDomain } from './local-name.ts'
import { permitOnlyDomain } from './name-constraints.ts'

/** A key pair that may sign certificates. */
export interface CertificateAuthority {
  readonly key: KeyObject
  readonly certificate: X509Certificate
}

export interface LeafOptions extends LeafRequest {
  readonly nowMs: number
  readonly lifeMs: number
}

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const
const rootLifeMs = 3650 * 86_400_000
/** Certificates begin a little in the past, for clients whose clock is behind. */
const backdateMs = 60_000
const commonNameLimit = 64

/** A self-signed root that can vouch for `localhost` and names under it only: trusting it cannot endanger other sites. */
export async function createRoot(nowMs: number): Promise<CertificateAuthority> {
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ O: ['acme-edge'] }, { CN: [`Local root ${randomBytes(4).toString('hex')}`] }],
    keys,
    signingAlgorithm,
    serialNumber: newSerial(),
    ...validity(nowMs, rootLifeMs),
    extensions: [...(await authorityExtensions(1, keys.publicKey))],
  })
  return toAuthority(keys.privateKey, certificate)
}

/** An issuing certificate under the root; it ends with the root. */
export async function createIntermediate(root: CertificateAuthority, nowMs: number): Promise<CertificateAuthority> {
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])
  const issuer = new x509.X509Certificate(root.certificate.raw)
  const lifeMs = root.certificate.validToDate.getTime() - nowMs
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ O: ['acme-edge'] }, { CN: [`Local issuing ${randomBytes(4).toString('hex')}`] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await importSigningKey(root.key),
    signingAlgorithm,
    serialNumber: newSerial(),
    ...validity(nowMs, lifeMs),
    extensions: [
      ...(await authorityExtensions(0, keys.publicKey)),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return toAuthority(keys.privateKey, certificate)
}

/** A TLS server certificate; everything but the key comes from the order, nothing else from the CSR. */
export async function signLeaf(issuing: CertificateAuthority, options: LeafOptions): Promise<X509Certificate> {
  const { publicKey, names, nowMs, lifeMs } = options
  const issuer = new x509.X509Certificate(issuing.certificate.raw)
  const commonName = names.find((name) => name.length <= commonNameLimit)
  const certificate = await x509.X509CertificateGenerator.create({
    subject: commonName === undefined ? [] : [{ CN: [commonName] }],
    issuer: issuer.subjectName,
    publicKey,
    signingKey: await importSigningKey(issuing.key),
    signingAlgorithm,
    serialNumber: newSerial(),
    ...validity(nowMs, lifeMs),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      // RFC 5280 §4.2.1.6: critical when the subject is empty.
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: 'dns', value })),
        commonName === undefined,
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  })
  return new X509Certificate(certificate.toString('pem'))
}

async function authorityExtensions(pathLength: number, publicKey: webcrypto.CryptoKey): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    permitOnlyDomain(localDomain),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ]
}

function validity(nowMs: number, lifeMs: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(nowMs - backdateMs), notAfter: new Date(nowMs + lifeMs) }
}

/** 126 random bits, positive and without a leading zero byte (RFC 5280 §4.1.2.2). */
function newSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}

function importSigningKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
  return crypto.subtle.importKey('pkcs8', pkcs8, keyAlgorithm, false, ['sign'])
}

function toAuthority(key: webcrypto.CryptoKey, certificate: x509.X509Certificate): CertificateAuthority {
  return { key: KeyObject.from(key), certificate: new X509Certificate(certificate.toString('pem')) }
}
