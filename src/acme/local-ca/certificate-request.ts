import { createPublicKey, type KeyObject } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { parseAddress } from './ip-range.ts'
import { Problem } from './problem.ts'

export interface CertificateRequest {
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer
  /** Lower case, each once, sorted. */
  readonly names: readonly string[]
}

/** Parses and verifies a PKCS #10 request (RFC 8555 §7.4); throws `badCSR` with the reason. */
export async function parseCertificateRequest(der: Buffer): Promise<CertificateRequest> {
  const request = decode(der)
  const publicKey = Buffer.from(request.publicKey.rawData)
  checkKey(publicKey)
  if (!(await isSelfSigned(request))) throw new Problem('badCSR', "the CSR's signature does not verify")
  return { publicKey, names: requestedNames(request) }
}

function decode(der: Buffer): x509.Pkcs10CertificateRequest {
  try {
    return new x509.Pkcs10CertificateRequest(der)
  } catch {
    throw new Problem('badCSR', 'the CSR is not a PKCS #10 request in DER')
  }
}

async function isSelfSigned(request: x509.Pkcs10CertificateRequest): Promise<boolean> {
  try {
    return await request.verify()
  } catch {
    return false
  }
}

/** SAN and common name together must be the order's names, so both are collected; names that are neither DNS names nor addresses are refused. */
function requestedNames(request: x509.Pkcs10CertificateRequest): string[] {
  const extensions = request.extensions.filter((extension) => extension instanceof x509.SubjectAlternativeNameExtension)
  const alternatives = extensions.flatMap((extension) => extension.names.items)
  if (alternatives.some(({ type }) => type !== 'dns' && type !== 'ip')) {
    throw new Problem('badCSR', 'the CSR asks for names that are neither DNS names nor addresses')
  }
  // Of each kind in its own field: a DNS name that reads like an address is not one.
  if (alternatives.some(({ type, value }) => (type === 'ip') !== (parseAddress(value) !== undefined))) {
    throw new Problem('badCSR', 'the CSR has an address as a DNS name, or a name as an address')
  }
  const names = [
    ...alternatives.map(({ type, value }) => (type === 'ip' ? String(parseAddress(value)) : value)),
    ...request.subjectName.getField('CN'),
  ]
  return [...new Set(names.map((name) => name.toLowerCase()))].sort()
}

function checkKey(spki: Buffer): void {
  let key: KeyObject
  try {
    key = createPublicKey({ key: spki, type: 'spki', format: 'der' })
  } catch {
    throw new Problem('badCSR', "the CSR's public key is not valid")
  }
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  const isStrong =
    (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048 && modulusLength <= 4096) ||
    (key.asymmetricKeyType === 'ec' && (namedCurve === 'prime256v1' || namedCurve === 'secp384r1'))
  if (!isStrong) throw new Problem('badCSR', "the CSR's key must be ECDSA P-256 or P-384, or RSA of 2048 to 4096 bits")
}
