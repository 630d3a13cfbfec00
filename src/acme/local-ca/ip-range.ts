import ipaddr from 'ipaddr.js'

/** Address and mask, 8 or 32 bytes, as RFC 5280 §4.2.1.10 writes a range. */
export function ipRangeBytes(range: string): Buffer {
  const [address, bits] = ipaddr.parseCIDR(range)
  const bytes = Buffer.from(address.toByteArray())
  const mask = Buffer.from(bytes.map((_, index) => 0xff & (0xff00 >> Math.min(8, Math.max(0, bits - index * 8)))))
  return Buffer.concat([Buffer.from(bytes.map((byte, index) => byte & (mask[index] ?? 0))), mask])
}

/** The same as text; throws RangeError for bytes that are no range. */
export function ipRangeOf(bytes: Buffer): string {
  const half = bytes.length / 2
  if (half !== 4 && half !== 16) throw new RangeError('a range of addresses has 8 or 32 bytes')
  const bits = [...bytes.subarray(half)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  if (!/^1*0*$/.test(bits)) throw new RangeError('the mask of a range has a hole')
  const address = ipaddr.fromByteArray([...bytes.subarray(0, half)])
  return `${formatAddress(address)}/${bits.replace(/0/g, '').length}`
}

/** Of the same family and in the range. An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) is an IPv6 address. */
export function isInRange(address: string, range: string): boolean {
  const parsed = ipaddr.parse(address)
  const [network, bits] = ipaddr.parseCIDR(range)
  return parsed.kind() === network.kind() && parsed.match(network, bits)
}

/** `10.1.2.3/8` as `10.0.0.0/8`, an address alone as a range of one; `undefined` for what is neither. */
export function parseIpRange(text: string): string | undefined {
  const [address = '', bits, ...more] = text.split('/')
  const parsed = parseAddress(address)
  if (parsed === undefined || more.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined
  const most = address.includes(':') ? 128 : 32
  if (Number(bits ?? most) > most) return undefined
  return ipRangeOf(ipRangeBytes(`${parsed}/${bits ?? most}`))
}

/** An address in its one canonical form (RFC 5952, RFC 8738 §3), `undefined` for what is none: octal, short or scoped forms. */
export function parseAddress(text: string): string | undefined {
  if (text.includes(':')) {
    return ipaddr.IPv6.isValid(text) && !text.includes('%') ? formatAddress(ipaddr.IPv6.parse(text)) : undefined
  }
  return ipaddr.IPv4.isValidFourPartDecimal(text) ? formatAddress(ipaddr.IPv4.parse(text)) : undefined
}

function formatAddress(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString()
}
