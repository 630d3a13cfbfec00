import { isIPv4, isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { getDomain, parse } from 'tldts'

/**
 * What Let's Encrypt counts certificates by: the name below the public suffix (https://publicsuffix.org, its private part
 * included: each customer of a hoster counts for itself), an IPv4 address, or the /64 of an IPv6 address. A name that is a
 * suffix itself, or below none, counts as it stands.
 */
export function registeredDomain(name: string): string {
  if (isIPv4(name)) return name
  if (isIPv6(name)) return networkOf(name)
  return getDomain(name, { allowPrivateDomains: true, validateHostname: false }) ?? name
}

/** Whether many owners share a name: `com`, `co.uk`, a hoster's domain. A name that is on no list (`test`) is none. */
export function isPublicSuffix(name: string): boolean {
  const { publicSuffix, isIcann, isPrivate } = parse(name, { allowPrivateDomains: true, validateHostname: false })
  return publicSuffix === name && (isIcann === true || isPrivate === true)
}

function networkOf(address: string): string {
  const parts = ipaddr.IPv6.parse(address).parts.slice(0, 4)
  return `${parts.map((part) => part.toString(16)).join(':')}::`
}
