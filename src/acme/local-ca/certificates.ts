import { KeyObject, randomBytes, type webcrypto, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'
import type { LeafRequest } from './authority.ts'
import { localDomain } from './local-name.ts'
import { type NameConstraints, nameConstraintsExtension, parseNameConstraints } from './name-constraints.ts'

/** A certificate that may sign others. */
export interface CertificateAuthority {
  readonly key: KeyObject
  readonly certificate: X509Certificate
}

export interface RootOptions {
  /** Part of the subject, so that a person finds it among a browser's roots. Default: random. */
  readonly name?: string | undefined
  /** Default: `localhost` alone. */
  readonly permit?: NameConstraints | undefined
}

export interface LeafOptions extends LeafRequest {
  readonly nowMs: number
  readonly lifeMs: number
}

export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const
export const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const
const dayMs = 86_400_000
const rootLifeMs = 3650 * dayMs
const issuingLifeMs = 365 * dayMs
/** Certificates begin a little in the past, for clients whose clock is behind. */
const backdateMs = 60_000
const commonNameLimit = 64

/** A self-signed root that can vouch for what `permit` says and nothing else: trusting it cannot endanger other sites. */
export async function createRoot(nowMs: number, options: RootOptions = {}): Promise<CertificateAuthority> {
  const { name = randomBytes(4).toString('hex'), permit = { domains: [localDomain], ranges: [] } } = options
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ O: ['acme-edge'] }, { CN: [`Local root ${name}`] }],
    keys,
    signingAlgorithm,
    serialNumber: newSerial(),
    ...validity(nowMs, rootLifeMs),
    extensions: [...(await authorityExtensions({ pathLength: 1, permit, publicKey: keys.publicKey }))],
  })
  return toAuthority(keys.privateKey, certificate)
}

/** An issuing certificate under the root, for a year, for TLS servers and for what the root permits. */
export async function createIntermediate(root: CertificateAuthority, nowMs: number): Promise<CertificateAuthority> {
  const keys = await crypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])
  const issuer = new x509.X509Certificate(root.certificate.raw)
  const lifeMs = Math.min(issuingLifeMs, root.certificate.validToDate.getTime() - nowMs)
  const permit = parseNameConstraints(issuer.extensions)
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ O: ['acme-edge'] }, { CN: [`Local issuing ${randomBytes(4).toString('hex')}`] }],
    issuer: issuer.subjectName,
    publicKey: keys.publicKey,
    signingKey: await importSigningKey(root.key),
    signingAlgorithm,
    serialNumber: newSerial(),
    ...validity(nowMs, lifeMs),
    extensions: [
      ...(await authorityExtensions({ pathLength: 0, permit, publicKey: keys.publicKey })),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  })
  return toAuthority(keys.privateKey, certificate)
}

/** A TLS server certificate; everything but the key comes from the order, nothing else from the CSR. */
export async function signLeaf(issuing: CertificateAuthority, options: LeafOptions): Promise<X509Certificate> {
  const { publicKey, names, nowMs, lifeMs } = options
  const issuer = new x509.X509Certificate(issuing.certificate.raw)
  // Never an address: where no DNS name is there beside it, verifiers hold it for one and miss it in the constraints.
  const commonName = names.find((name) => isIP(name) === 0 && name.length <= commonNameLimit)
  const certificate = await x509.X509CertificateGenerator.create({
    subject: commonName === undefined ? [] : [{ CN: [commonName] }],
    issuer: issuer.subjectName,
    publicKey,
    signingKey: await importSigningKey(issuing.key),
    signingAlgorithm,
    serialNumber: newSerial(),
    // A leaf that outlives its issuer would fail before its time.
    ...validity(nowMs, Math.min(lifeMs, issuing.certificate.validToDate.getTime() - nowMs)),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      // RFC 5280 §4.2.1.6: critical when the subject is empty.
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
        commonName === undefined,
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  })
  return new X509Certificate(certificate.toString('pem'))
}

/** What a CA's certificate lets it vouch for. */
export function constraintsOf(certificate: X509Certificate): NameConstraints {
  return parseNameConstraints(new x509.X509Certificate(certificate.raw).extensions)
}

export function importSigningKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
  return crypto.subtle.importKey('pkcs8', pkcs8, keyAlgorithm, false, ['sign'])
}

interface AuthorityParts {
  readonly pathLength: number
  readonly permit: NameConstraints
  readonly publicKey: webcrypto.CryptoKey
}

async function authorityExtensions({ pathLength, permit, publicKey }: AuthorityParts): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    nameConstraintsExtension(permit),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ]
}

function validity(nowMs: number, lifeMs: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(nowMs - backdateMs), notAfter: new Date(nowMs + lifeMs) }
}

/** 134 random bits in 17 bytes, positive and without a leading zero byte (RFC 5280 §4.1.2.2: at most 20). */
function newSerial(): string {
  const bytes = randomBytes(17)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}

function toAuthority(key: webcrypto.CryptoKey, certificate: x509.X509Certificate): CertificateAuthority {
  return { key: KeyObject.from(key), certificate: new X509Certificate(certificate.toString('pem')) }
}
