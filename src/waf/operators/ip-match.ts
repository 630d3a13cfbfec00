import ipaddr from 'ipaddr.js'
import type { CompiledOperator, OperatorContext, OperatorWord } from './operator.ts'

/** The value is one of the addresses, or in one of the networks, that commas separate: `10.0.0.0/8,2001:db8::/32,::1`. */
export const ipMatch: OperatorWord = {
  name: 'ipMatch',
  argument: 'literal',
  compile: (argument, context) =>
    matchNetworks(
      argument.split(',').map((part) => part.trim()),
      context,
    ),
}

type Network = readonly [address: ipaddr.IPv4 | ipaddr.IPv6, prefixBits: number]

/** An IPv4 address in IPv6's mapped form counts as the IPv4 address, on both sides; what is no address matches nothing. */
export function matchNetworks(entries: readonly string[], context: OperatorContext): CompiledOperator {
  const networks = entries.map((entry) => parseNetwork(entry) ?? context.fail(`not an address or network: ${entry}`))
  return {
    test: (value) => {
      const address = parseAddress(value)
      return address !== undefined && networks.some((network) => isInside(address, network))
    },
  }
}

function parseNetwork(entry: string): Network | undefined {
  const [text = '', prefix] = entry.split('/', 2)
  const address = parseAddress(text)
  if (address === undefined) return undefined
  const width = address.toByteArray().length * 8
  const isMapped = text.includes(':') && width === 32
  if (prefix === undefined) return [address, width]
  const bits = /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) - (isMapped ? 96 : 0) : -1
  return bits >= 0 && bits <= width ? [address, bits] : undefined
}

/** Four decimal parts only: `010.1`, `0x7f.1` and `127.1` mean different hosts to different programs. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  const hex = text.includes('%') ? '' : text.replace(/(?<=:)[0-9.]+$/, toHexGroups)
  return hex.includes(':') && ipaddr.IPv6.isValid(hex) ? ipaddr.process(hex) : undefined
}

/** ipaddr.js would read `::1.2.3.4` as the mapped `::ffff:1.2.3.4`; written in hex there is nothing to mistake. */
function toHexGroups(tail: string): string {
  if (!ipaddr.IPv4.isValidFourPartDecimal(tail)) return tail
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(tail).toByteArray()
  return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

function isInside(address: ipaddr.IPv4 | ipaddr.IPv6, [network, prefixBits]: Network): boolean {
  return address.kind() === network.kind() && address.match(network, prefixBits)
}
