import { isIPv4, isIPv6 } from 'node:net'
import { domainToASCII } from 'node:url'
import ipaddr from 'ipaddr.js'
import { type Parsed, value, wrong } from './scalars.ts'

/** `*` for any host, `*.name` for one label more, otherwise one host; canonical as a request's host is. */
export function parseHostPattern(text: string): Parsed<string> {
  if (text === '*') return value('*')
  if (!text.startsWith('*.')) return parseHost(text)
  const rest = parseHost(text.slice(2))
  if (rest.kind === 'wrong') return rest
  if (isIPv4(rest.value) || isIPv6(rest.value)) return wrong(`${quote(text)} puts a wildcard before an address`)
  return value(`*.${rest.value}`)
}

/**
 * The canonical form of a host: lower case, A-labels (RFC 5891), no trailing dot; IPv6 without brackets, as RFC 5952
 * writes it. A name that would be read as an IPv4 address in disguise (`0x7f.1`, `1.2.3`) is refused.
 */
export function parseHost(text: string): Parsed<string> {
  const misuse = misuseOf(text)
  if (misuse !== undefined) return wrong(`${quote(text)} ${misuse}`)
  const literal = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  if (isIPv6(literal) && !literal.includes('%')) return value(ipaddr.IPv6.parse(literal).toRFC5952String())
  if (isIPv4(text)) return value(text)
  return parseName(text)
}

function misuseOf(text: string): string | undefined {
  if (text === '') return 'is empty: write a host name'
  if (text.includes('://')) return 'is a URL: write the host name alone'
  if (text.includes('*')) return 'has a "*" that is not the first label: write "*", "*.name" or a name'
  if (/[\s/?#@%\\]/.test(text)) return 'is not a host name: it holds a character that no name has'
  if (/^(\[.*\]|[^:]*):\d*$/.test(text)) return 'has a port: a site is found by its name alone'
  return undefined
}

function parseName(text: string): Parsed<string> {
  const name = (isAscii(text) ? text.toLowerCase() : domainToASCII(text)).replace(/\.$/, '')
  const labels = name.split('.')
  if (name.length > 253 || labels.some((label) => !/^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label))) {
    return wrong(`${quote(text)} is not a host name: labels have 1 to 63 letters, digits or hyphens, 253 in all`)
  }
  if (/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) {
    return wrong(`${quote(text)} ends like an IPv4 address but is none: write four numbers from 0 to 255`)
  }
  return value(name)
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

const quote = (text: string): string => JSON.stringify(text.slice(0, 300))
