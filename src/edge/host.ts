import { isIPv6 } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { HostName } from '../http.ts'

export interface Authority {
  readonly host: HostName
  readonly port: string | undefined
}

const authorityGrammar = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z._-]+))(?::([0-9]{1,5}))?$/

/**
 * The canonical host of a Host or :authority value: lower case, no trailing dot, no port, IPv6 as RFC 5952 writes it.
 * `undefined` for whatever is not exactly one host: empty, a list, userinfo, a path, spaces, high bytes, a bad port.
 */
export function parseAuthority(value: string): Authority | undefined {
  const match = authorityGrammar.exec(value)
  if (match === null) return undefined
  const [, literal, name, port] = match
  if (port !== undefined && Number(port) > 65_535) return undefined
  const host = literal === undefined ? canonicalName(name ?? '') : canonicalIpv6(literal)
  return host === undefined ? undefined : { host, port }
}

function canonicalName(name: string): HostName | undefined {
  const lower = (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase()
  if (lower.length === 0 || lower.length > 253) return undefined
  if (lower.startsWith('.') || lower.includes('..')) return undefined
  return lower as HostName // canonical by the checks above
}

function canonicalIpv6(text: string): HostName | undefined {
  if (!isIPv6(text)) return undefined
  return ipaddr.IPv6.parse(text).toRFC5952String() as HostName // canonical: RFC 5952
}
