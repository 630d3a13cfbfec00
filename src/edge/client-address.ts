import { BlockList, isIP, isIPv6 } from 'node:net'
import { type Endpoint, findHeader, type RawHeaders } from '../http.ts'

export interface ClientAddress {
  readonly client: Endpoint
  /** What trusted proxies say of the hops before them, oldest first. */
  readonly forwardedFor: readonly string[]
}

/** Decides whose X-Forwarded-For is believed: `networks` are CIDR blocks or addresses, validated by the config. */
export function createClientAddressReader(
  networks: readonly string[],
): (peer: Endpoint, headers: RawHeaders) => ClientAddress {
  const trusted = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    trusted.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family)
  }
  const isTrusted = (address: string) => trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  if (networks.length === 0) return (peer) => ({ client: peer, forwardedFor: [] })
  return (peer, headers) =>
    isTrusted(peer.address) ? readForwardedFor(peer, headers, isTrusted) : { client: peer, forwardedFor: [] }
}

/** Counts from the right, since whatever stands further left than the first untrusted hop can be made up. */
function readForwardedFor(peer: Endpoint, headers: RawHeaders, isTrusted: (address: string) => boolean): ClientAddress {
  const hops = allValues(headers).map((hop) => hop.trim())
  const from = hops.findLastIndex((hop) => isIP(hop) === 0 || !isTrusted(hop))
  const client = hops[from]
  if (client === undefined) return { client: { address: hops[0] ?? peer.address, port: 0 }, forwardedFor: hops }
  if (isIP(client) === 0) return { client: peer, forwardedFor: [] } // somebody wrote nonsense: believe the socket alone
  return { client: { address: client, port: 0 }, forwardedFor: hops.slice(from) }
}

function allValues(headers: RawHeaders): string[] {
  if (findHeader(headers, 'x-forwarded-for') === undefined) return []
  const values: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if ((headers[i] ?? '').toLowerCase() === 'x-forwarded-for') values.push(...(headers[i + 1] ?? '').split(','))
  }
  return values
}
