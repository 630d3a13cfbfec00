import ipaddr from 'ipaddr.js'

/** Of ipaddr.js: what a host of a development network can have. Loopback and private addresses are what this CA is for. */
const hostRanges = ['unicast', 'private', 'loopback', 'uniqueLocal', 'carrierGradeNat']

/** Where clouds tell a machine its secrets; all but these are link-local, which no host is validated at. */
const metadataServices = ['100.100.100.200', '168.63.129.16', 'fd00:ec2::254', 'fd20:ce::254']

/**
 * Whether validation may connect to an address. Not to "this machine, whichever" (0.0.0.0), to many at once, to addresses
 * that hide another one (IPv4 in IPv6), nor to link-local ones, among which clouds keep their metadata services.
 */
export function isValidationAddress(address: string): boolean {
  const parsed = ipaddr.parse(address)
  return hostRanges.includes(parsed.range()) && !metadataServices.some((known) => sameAddress(parsed, known))
}

function sameAddress(address: ipaddr.IPv4 | ipaddr.IPv6, known: string): boolean {
  return address.toNormalizedString() === ipaddr.parse(known).toNormalizedString()
}
