import { BlockList, isIP, isIPv6 } from 'node:net'
import type { Endpoint, RawHeaders } from '../http.ts'
import { parseAuthority } from './host.ts'

/** What the edge believes of the client's side of the connection. */
export interface ClientAddress {
  readonly client: Endpoint
  /** What trusted proxies say of the hops before them, oldest first. */
  readonly forwardedFor: readonly string[]
  /** The scheme and host that the client used, as the nearest trusted proxy says; `undefined` where none says it. */
  readonly scheme: 'http' | 'https' | undefined
  readonly forwardedHost: string | undefined
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
  if (networks.length === 0) return untrusted
  return (peer, headers) => {
    if (!isTrusted(peer.address)) return untrusted(peer)
    const scheme = lastValue(headers, 'x-forwarded-proto')?.toLowerCase()
    const host = lastValue(headers, 'x-forwarded-host')
    return {
      ...readForwardedFor(peer, headers, isTrusted),
      scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined,
      forwardedHost: host !== undefined && parseAuthority(host) !== undefined ? host : undefined,
    }
  }
}

function untrusted(peer: Endpoint): ClientAddress {
  return { client: peer, forwardedFor: [], scheme: undefined, forwardedHost: undefined }
}

/** The value that the nearest proxy has added. */
function lastValue(headers: RawHeaders, lowerName: string): string | undefined {
  return allValues(headers, lowerName).at(-1)
}

type ForwardedFor = Pick<ClientAddress, 'client' | 'forwardedFor'>

/** Counts from the right, since whatever stands further left than the first untrusted hop can be made up. */
function readForwardedFor(peer: Endpoint, headers: RawHeaders, isTrusted: (address: string) => boolean): ForwardedFor {
  const hops = allValues(headers, 'x-forwarded-for')
  const from = hops.findLastIndex((hop) => isIP(hop) === 0 || !isTrusted(hop))
  const client = hops[from]
  if (client === undefined) return { client: { address: hops[0] ?? peer.address, port: 0 }, forwardedFor: hops }
  if (isIP(client) === 0) return { client: peer, forwardedFor: [] } // somebody wrote nonsense: believe the socket alone
  return { client: { address: client, port: 0 }, forwardedFor: hops.slice(from) }
}

function allValues(headers: RawHeaders, lowerName: string): string[] {
  const values: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    if ((headers[i] ?? '').toLowerCase() !== lowerName) continue
    values.push(...(headers[i + 1] ?? '').split(',').map((value) => value.trim()))
  }
  return values
}
