import { isIP } from 'node:net'
import { Extension } from '@peculiar/x509'
import { type DerElement, decodeDer, encodeDer } from './der.ts'
import { ipRangeBytes, ipRangeOf, isInRange } from './ip-range.ts'

/** What a CA may vouch for. Who trusts its root does not thereby trust it for anything else. */
export interface NameConstraints {
  /** Each with all names under it; lower case, without a dot at either end. */
  readonly domains: readonly string[]
  /** Ranges of addresses, `10.0.0.0/8` or `fd00::/8`. */
  readonly ranges: readonly string[]
}

const nameConstraintsOid = '2.5.29.30'
const tag = { sequence: 0x30, permitted: 0xa0, excluded: 0xa1, dnsName: 0x82, ipAddress: 0x87 } as const
/** "Every address" of each family: a range of all zeros. */
const everyAddress = [Buffer.alloc(8), Buffer.alloc(32)]

/** Whether the CA may vouch for a host name (lower case) or an address, as RFC 5280 §4.2.1.10 has it. */
export function isPermitted({ domains, ranges }: NameConstraints, name: string): boolean {
  if (isIP(name) !== 0) return ranges.some((range) => isInRange(name, range))
  return domains.some((domain) => name === domain || name.endsWith(`.${domain}`))
}

/**
 * A critical NameConstraints extension (RFC 5280 §4.2.1.10). A permitted subtree limits the names of its own kind only, so
 * a kind of which nothing is permitted is excluded as a whole.
 */
export function nameConstraintsExtension({ domains, ranges }: NameConstraints): Extension {
  const permitted = [
    ...domains.map((domain) => subtree(tag.dnsName, Buffer.from(domain, 'latin1'))),
    ...ranges.map((range) => subtree(tag.ipAddress, ipRangeBytes(range))),
  ]
  const excluded = [
    ...(domains.length === 0 ? [subtree(tag.dnsName, Buffer.alloc(0))] : []),
    ...(ranges.length === 0 ? everyAddress.map((range) => subtree(tag.ipAddress, range)) : []),
  ]
  const parts = [
    encodeDer(tag.permitted, ...permitted),
    ...(excluded.length > 0 ? [encodeDer(tag.excluded, ...excluded)] : []),
  ]
  return new Extension(nameConstraintsOid, true, encodeDer(tag.sequence, ...parts))
}

/** Reads what `nameConstraintsExtension` wrote off a certificate: it is the CA's policy, there is no second place. */
export function parseNameConstraints(extensions: readonly Extension[]): NameConstraints {
  const found = extensions.find(({ type }) => type === nameConstraintsOid)
  if (!found) throw new RangeError('the certificate has no name constraints')
  const parts = inner(decodeDer(Buffer.from(found.value)), tag.sequence)
  const bases = inner(parts, tag.permitted).flatMap(({ content }) => decodeDer(content))
  const values = (wanted: number) => bases.filter((base) => base.tag === wanted).map(({ content }) => content)
  return {
    domains: values(tag.dnsName).map((content) => content.toString('latin1')),
    ranges: values(tag.ipAddress).map(ipRangeOf),
  }
}

/** As a person reads them. */
export function describeConstraints({ domains, ranges }: NameConstraints): string {
  return [...domains, ...ranges].join(', ')
}

function subtree(nameTag: number, name: Buffer): Buffer {
  return encodeDer(tag.sequence, encodeDer(nameTag, name))
}

function inner(elements: readonly DerElement[], wanted: number): DerElement[] {
  return elements.filter((element) => element.tag === wanted).flatMap(({ content }) => decodeDer(content))
}
