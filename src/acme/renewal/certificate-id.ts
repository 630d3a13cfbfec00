import * as x509 from '@peculiar/x509'
import { EdgeError } from '../../errors.ts'

/**
 * The name under which a CA tells when to renew, and under which an order says what it replaces (RFC 9773 §4.1): the
 * authority key identifier and the serial number, each base64url, with a dot between them.
 *
 * @param leafPem the leaf, or a chain that begins with it
 * @throws ACME_EDGE_ACME_PROTOCOL when it names no authority key: such a certificate cannot be asked about
 */
export function certificateId(leafPem: string): string {
  const leaf = parse(leafPem)
  const { keyId } = leaf.getExtension(x509.AuthorityKeyIdentifierExtension) ?? {}
  if (!keyId) throw unusable('it has no authority key identifier')
  return `${encode(keyId)}.${encode(derInteger(leaf.serialNumber))}`
}

/** The id counts the bytes as DER has them: where the first bit is set, a 00 before it keeps the number positive. */
function derInteger(hex: string): string {
  return /^[89a-f]/i.test(hex) ? `00${hex}` : hex
}

function parse(pem: string): x509.X509Certificate {
  try {
    // Of several certificates the library would take the whole text for one.
    return new x509.X509Certificate(pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/)?.[0] ?? pem)
  } catch {
    throw unusable('it is damaged')
  }
}

const encode = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')

function unusable(why: string): EdgeError {
  return new EdgeError('ACME_EDGE_ACME_PROTOCOL', `the CA cannot be asked when to renew a certificate: ${why}`)
}
