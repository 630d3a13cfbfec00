import { Extension } from '@peculiar/x509'

const nameConstraintsOid = '2.5.29.30'
const tag = { sequence: 0x30, permitted: 0xa0, excluded: 0xa1, dnsName: 0x82, ipAddress: 0x87 } as const

/**
 * A critical NameConstraints extension (RFC 5280 §4.2.1.10): one DNS domain with all names under it, and no IP address
 * at all. An IP range of all zeros is "every address" in its family.
 */
export function permitOnlyDomain(domain: string): Extension {
  const permitted = der(tag.permitted, subtree(tag.dnsName, Buffer.from(domain, 'latin1')))
  const everyAddress = [Buffer.alloc(8), Buffer.alloc(32)]
  const excluded = der(tag.excluded, ...everyAddress.map((range) => subtree(tag.ipAddress, range)))
  return new Extension(nameConstraintsOid, true, der(tag.sequence, permitted, excluded))
}

function subtree(nameTag: number, name: Buffer): Buffer {
  return der(tag.sequence, der(nameTag, name))
}

/** One DER element with a one-byte length: all that these short values need. */
function der(elementTag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  if (content.length > 127) throw new RangeError('the element is too long for a one-byte length')
  return Buffer.concat([Buffer.from([elementTag, content.length]), content])
}
