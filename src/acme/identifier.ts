import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** What an order names (RFC 8555 §7.1.3, RFC 8738 §3). */
export interface Identifier {
  readonly type: 'dns' | 'ip'
  readonly value: string
}

export function identifierOf(name: string): Identifier {
  return { type: isIP(name) === 0 ? 'dns' : 'ip', value: name }
}

/** One spelling of each name: lower case, and addresses as RFC 5952 writes them. */
export function canonicalName(text: string): string {
  return isIP(text) === 6 ? ipaddr.IPv6.parse(text).toRFC5952String() : text.toLowerCase()
}
