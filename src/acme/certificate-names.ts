import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { EdgeError } from '../errors.ts'
import type { HostName } from '../http.ts'
import { canonicalName } from './identifier.ts'

/** CAs take at most 100 names an order (Let's Encrypt, ZeroSSL); a longer list is refused before the CA counts it. */
const maxNames = 100

const labelPattern = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/

/**
 * The names of one certificate: lower case, A-labels, no trailing dot, addresses as RFC 5952 writes them (RFC 8738), each
 * once, the first one first (it names the folder). Throws ACME_EDGE_ACME_NAME_INVALID for what HTTP-01 cannot prove:
 * wildcards (RFC 8555 §8.3), junk.
 */
export function parseCertificateNames(texts: readonly string[]): readonly HostName[] {
  const names = [...new Set(texts.map(parseCertificateName))]
  if (names.length === 0) throw invalid('no name was given', 'name at least one host')
  if (names.length > maxNames) throw invalid(`${names.length} names`, `one certificate holds at most ${maxNames}`)
  return names
}

/** What a certificate's folder and keys of the store are called: its first name, which may be an IPv6 address. */
export function folderNameOf(names: readonly HostName[]): string {
  return String(names[0]).replaceAll(':', '_')
}

function parseCertificateName(text: string): HostName {
  const shown = JSON.stringify(text.slice(0, 100))
  if (text.includes('*')) {
    throw invalid(shown, 'a wildcard cannot be proven over HTTP-01, only over DNS-01: order its hosts one by one')
  }
  const address = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(address) !== 0 && !address.includes('%')) return canonicalName(address) as HostName // as canonicalHost() has it
  if (/[/:@\s]/.test(text)) throw invalid(shown, 'give the bare host name, without scheme, port or path')
  // domainToASCII applies IDNA; it answers '' for what is not a host name, and an address for "0x7f.1" and the like.
  const ascii = domainToASCII(text.replace(/\.$/, ''))
  const labels = ascii.split('.')
  if (ascii.length > 253 || isIP(ascii) || !labels.every((label) => labelPattern.test(label))) {
    throw invalid(shown, 'not a host name (letters, digits and hyphens, labels of at most 63, 253 in all)')
  }
  return ascii as HostName // checked label by label above
}

function invalid(shown: string, advice: string): EdgeError {
  return new EdgeError('ACME_EDGE_ACME_NAME_INVALID', `no certificate for ${shown}: ${advice}`)
}
