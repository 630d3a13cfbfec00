import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { ListenAddress, OriginConfig } from './config.ts'
import { parseHost } from './host-pattern.ts'
import { type Parsed, textOf, value, wrong } from './scalars.ts'

/** `address:port`, `[IPv6]:port` or `localhost:port`; port 0 lets the system choose. */
export const listenAddress = textOf<ListenAddress>('an address such as "127.0.0.1:8080"', (text) => {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text)
  if (match === null) return wrong(`${quote(text)} is not an address: write host:port, or [IPv6]:port`)
  const host = match[1] ?? match[2] ?? ''
  if (isIP(host) === 0 && host !== 'localhost') {
    return wrong(`${quote(text)}: a listener needs an IP address (0.0.0.0 or [::] for all of them) or localhost`)
  }
  if (Number(match[3]) > 65_535) return wrong(`${quote(text)}: a port is a number from 0 to 65535`)
  return value({ host: isIP(host) === 6 ? ipaddr.IPv6.parse(host).toRFC5952String() : host, port: Number(match[3]) })
})

/** `http://host:port` or `https://host:port`: no path, since the request's target goes to the origin as it came. */
export const originUrl = textOf<OriginConfig>('an origin such as "http://127.0.0.1:9000"', (text) => {
  const match = /^(https?):\/\/(\[[^\]]*\]|[^:/?#@\\]*)(?::(\d{1,5}))?(.*)$/s.exec(text)
  if (match === null) return wrong(`${quote(text)} is not an origin: write http://host:port or https://host:port`)
  const [, scheme, hostText = '', portText, rest = ''] = match
  if (rest !== '' && rest !== '/') {
    return wrong(`${quote(text)}: an origin is http://host:port without path, query or user; found ${quote(rest)}`)
  }
  const host = parseHost(hostText)
  if (host.kind === 'wrong') return host
  const port = portText === undefined ? (scheme === 'https' ? 443 : 80) : Number(portText)
  if (port < 1 || port > 65_535) return wrong(`${quote(text)}: a port is a number from 1 to 65535`)
  return value({ secure: scheme === 'https', host: host.value, port })
})

/** A network in CIDR form, or one address; given back in CIDR form. */
export const network = textOf<string>('a network such as "10.0.0.0/8"', (text) => {
  const [address = '', bitsText, ...more] = text.split('/')
  const version = isIP(address)
  const width = version === 6 ? 128 : 32
  const bits = bitsText === undefined ? width : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : -1
  if (version === 0 || more.length > 0 || bits < 0 || bits > width || address.includes('%')) {
    return wrong(`${quote(text)} is not a network: write an address, or address/bits (CIDR)`)
  }
  return exactNetwork(text, address, bits)
})

function exactNetwork(text: string, address: string, bits: number): Parsed<string> {
  const parsed = ipaddr.parse(address)
  const first =
    parsed instanceof ipaddr.IPv6
      ? ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`).toRFC5952String()
      : ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`).toString()
  const own = parsed instanceof ipaddr.IPv6 ? parsed.toRFC5952String() : parsed.toString()
  // 10.1.2.3/8 may mean the host or the whole network: trusting the wrong one lets clients forge their address.
  if (own !== first) return wrong(`${quote(text)} has bits set behind its prefix; did you mean "${first}/${bits}"?`)
  return value(`${first}/${bits}`)
}

const quote = (text: string): string => JSON.stringify(text.slice(0, 300))
