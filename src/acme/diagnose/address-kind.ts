import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'

/** What an address is that no CA connects to (the IANA registries of special addresses), or `public`. */
export function addressKind(address: string): string {
  const range = ipaddr.parse(address).range()
  return range === 'unicast' ? 'public' : (words[range] ?? 'reserved')
}

const words: Readonly<Record<string, string>> = {
  private: 'private',
  uniqueLocal: 'private',
  loopback: 'loopback',
  linkLocal: 'link-local',
  carrierGradeNat: 'shared by a provider (RFC 6598)',
  unspecified: 'unspecified',
  multicast: 'multicast',
}

/** The address that a URL has for a name. */
export function addressIn({ hostname }: URL): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIP(address) === 0 ? undefined : address
}

/** Addresses of this machine's own interfaces; behind a router that translates, the public one is not among them. */
export function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return new Set(all.map(({ address }) => ipaddr.parse(address.replace(/%.*$/, '')).toString()))
}

/** Whether this machine has no public address of that kind itself, so that a router stands between it and this one. */
export function isBehindNat(address: string, own: ReadonlySet<string>): boolean {
  const isAlike = (other: string) => other.includes(':') === address.includes(':')
  return addressKind(address) === 'public' && ![...own].some((one) => isAlike(one) && addressKind(one) === 'public')
}

/** Whether this machine could speak IPv6 to the world at all. */
export function hasIpv6(own: ReadonlySet<string>): boolean {
  return [...own].some((address) => address.includes(':') && addressKind(address) === 'public')
}
