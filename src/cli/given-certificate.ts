import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { EdgeError } from '../errors.ts'

/** What somebody brings: a key, and certificates in any order. */
export interface GivenParts {
  readonly privateKeyPem: string
  /** PEM. The leaf may be any of them. */
  readonly certificates: readonly string[]
}

export interface GivenCertificate {
  readonly leaf: X509Certificate
  /** Leaf first, each the issuer of the one before; without a root, which clients have themselves. */
  readonly fullChainPem: string
  readonly privateKeyPem: string
  /** Subjects of certificates that belong neither to the chain nor to its root. */
  readonly unused: readonly string[]
}

/**
 * Puts key, leaf and chain together, and makes sure that they can be served. Throws ACME_EDGE_CERTIFICATE_UNFIT with what does not
 * fit.
 */
export function assembleCertificate({ privateKeyPem, certificates }: GivenParts, nowMs: number): GivenCertificate {
  const all = certificates.map((pem) => new X509Certificate(pem))
  const key = createPrivateKey(privateKeyPem)
  const leaf = all.find((certificate) => certificate.checkPrivateKey(key))
  if (leaf === undefined) throw unfit('the private key is that of none of the certificates')
  const chain = chainOf(leaf, all)
  const served = chain.filter((certificate, index) => index === 0 || !isSelfIssued(certificate))
  checkUse(leaf, nowMs)
  const fullChainPem = served.map(String).join('')
  try {
    createSecureContext({ cert: fullChainPem, key: privateKeyPem })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw unfit(`TLS cannot use it (${why})`, cause)
  }
  const unused = all.filter((one) => !chain.includes(one) && one.fingerprint256 !== leaf.fingerprint256)
  return { leaf, fullChainPem, privateKeyPem, unused: unused.map(({ subject }) => subject.replace(/\n/g, ', ')) }
}

/** From the leaf upwards, as far as the certificates go. */
function chainOf(leaf: X509Certificate, all: readonly X509Certificate[]): X509Certificate[] {
  const chain = [leaf]
  for (let last = leaf; ; ) {
    const issuer = all.find((one) => !chain.includes(one) && last.checkIssued(one) && last.verify(one.publicKey))
    if (issuer === undefined || isSelfIssued(last)) return chain
    chain.push(issuer)
    last = issuer
  }
}

const isSelfIssued = (certificate: X509Certificate): boolean => certificate.checkIssued(certificate)

function checkUse(leaf: X509Certificate, nowMs: number): void {
  if (leaf.validToDate.getTime() <= nowMs) throw unfit(`it ended on ${leaf.validToDate.toISOString()}`)
  if (leaf.validFromDate.getTime() > nowMs) throw unfit(`it is not valid before ${leaf.validFromDate.toISOString()}`)
  const uses = leaf.keyUsage // extended ones, by their object identifiers; undefined: any
  if (uses !== undefined && !uses.some((use) => use === serverAuth || use === anyUse))
    throw unfit('it is not for TLS servers (extended key usage)')
}

const serverAuth = '1.3.6.1.5.5.7.3.1'
const anyUse = '2.5.29.37.0'

function unfit(why: string, cause?: unknown): EdgeError {
  return new EdgeError('ACME_EDGE_CERTIFICATE_UNFIT', `the certificate cannot be imported: ${why}`, { cause })
}
