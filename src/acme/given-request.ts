import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import * as x509 from '@peculiar/x509'
import { EdgeError } from '../errors.ts'
import type { HostName } from '../http.ts'
import { parseCertificateNames } from './certificate-names.ts'

/** A certificate signing request (PKCS #10) that somebody else made, who keeps the key. */
export interface GivenRequest {
  readonly names: readonly HostName[]
  /** base64url of the DER form, as finalize wants it (RFC 8555 §7.4). */
  readonly csr: string
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer
  /** Tells it from other requests for the same names. */
  readonly digest: string
}

/** Reads a request from a file, PEM or DER. Throws ACME_EDGE_ACME_CSR_INVALID and ACME_EDGE_ACME_NAME_INVALID. */
export async function readGivenRequest(file: string): Promise<GivenRequest> {
  const bytes = await readFile(file).catch((cause: Error) => {
    throw invalid(file, `it cannot be read (${cause.message})`)
  })
  const request = decode(bytes, file)
  if (!(await request.verify().catch(() => false))) throw invalid(file, 'its signature does not verify')
  const der = Buffer.from(request.rawData)
  return {
    names: parseCertificateNames(namesOf(request, file)),
    csr: der.toString('base64url'),
    publicKey: Buffer.from(request.publicKey.rawData),
    digest: createHash('sha256').update(der).digest('hex').slice(0, 16),
  }
}

function decode(bytes: Buffer, file: string): x509.Pkcs10CertificateRequest {
  try {
    const text = bytes.toString('latin1')
    return new x509.Pkcs10CertificateRequest(text.includes('-----BEGIN') ? text : bytes)
  } catch {
    throw invalid(file, 'it is no PKCS #10 request in PEM or DER')
  }
}

/** CAs take the alternative names; a common name beside them has to be one of them. */
function namesOf(request: x509.Pkcs10CertificateRequest, file: string): string[] {
  const alternatives = request.extensions
    .filter((extension) => extension instanceof x509.SubjectAlternativeNameExtension)
    .flatMap((extension) => extension.names.items)
  const odd = alternatives.find(({ type }) => type !== 'dns' && type !== 'ip')
  if (odd !== undefined) throw invalid(file, `it asks for a name of the kind ${odd.type}`)
  const names = [...alternatives.map(({ value }) => value), ...request.subjectName.getField('CN')]
  if (names.length === 0) throw invalid(file, 'it names no host: make it with a subjectAltName')
  return names
}

function invalid(file: string, why: string): EdgeError {
  return new EdgeError('ACME_EDGE_ACME_CSR_INVALID', `${file} is not a request that can be ordered: ${why}`)
}
