import { domainToASCII } from 'node:url'
import { EdgeError } from '../../errors.ts'
import { isPublicSuffix } from '../budget/registered-domain.ts'
import { parseIpRange } from './ip-range.ts'
import { isHostName } from './local-name.ts'
import type { NameConstraints } from './name-constraints.ts'

/**
 * Names that can never be public (RFC 6761, RFC 6762, RFC 8375, and `internal`, which ICANN keeps free) and addresses that
 * mean something else on each network (RFC 1918, RFC 4193, loopback).
 */
export const privateNames: NameConstraints = {
  domains: ['localhost', 'test', 'internal', 'home.arpa', 'local'],
  ranges: ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7'],
}

/** The widest range of each family that a root is made for; a wider one is a slip of the pen. */
const widest = { v4: 8, v6: 7 } as const

/**
 * What `--permit` names: domains with all names under them, ranges of addresses. Throws ACME_EDGE_USAGE for what is
 * neither, and for what nobody owns alone (`com`, `0.0.0.0/0`): a root for it would be a danger to whoever trusts it.
 */
export function parsePermits(texts: readonly string[]): NameConstraints {
  const parsed = texts.map(parsePermit)
  const pick = (kind: 'domain' | 'range') => [
    ...new Set(parsed.filter((permit) => permit.kind === kind).map(({ value }) => value)),
  ]
  return { domains: pick('domain'), ranges: pick('range') }
}

interface Permit {
  readonly kind: 'domain' | 'range'
  readonly value: string
}

function parsePermit(text: string): Permit {
  const range = parseIpRange(text)
  if (range !== undefined) return { kind: 'range', value: checkWidth(range) }
  const value = domainToASCII(text.replace(/^\*?\./, ''))
  if (!isHostName(value)) throw wrong(text, 'is neither a domain (shop.test) nor a range of addresses (10.0.0.0/8)')
  if (isPublicSuffix(value) && !privateNames.domains.includes(value)) {
    throw wrong(text, 'is a suffix that many owners share: name a domain below it')
  }
  return { kind: 'domain', value }
}

function checkWidth(range: string): string {
  const bits = Number(range.slice(range.indexOf('/') + 1))
  const least = range.includes(':') ? widest.v6 : widest.v4
  if (bits >= least) return range
  throw wrong(range, `is too wide: at most /${least}`)
}

function wrong(text: string, why: string): EdgeError {
  return new EdgeError('ACME_EDGE_USAGE', `--permit ${text.slice(0, 80)} ${why}`)
}
