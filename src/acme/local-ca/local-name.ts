import { parseAddress } from './ip-range.ts'
import { describeConstraints, isPermitted, type NameConstraints } from './name-constraints.ts'
import { isJsonObject } from './payload.ts'
import { type Identifier, Problem } from './problem.ts'

/** What the CA of `acme-edge demo` vouches for, with all names under it: RFC 6761 §6.3 keeps them on the machine. */
export const localDomain = 'localhost'

const maxIdentifiers = 100

/**
 * The host names (lower case) and addresses of a newOrder payload, each once. Every identifier that is refused is reported,
 * as a subproblem when there are several (RFC 8555 §6.7.1).
 */
export function parseIdentifiers(value: unknown, constraints: NameConstraints): string[] {
  if (!Array.isArray(value) || value.length === 0) throw new Problem('malformed', 'identifiers must be a list of names')
  if (value.length > maxIdentifiers) throw new Problem('malformed', `at most ${maxIdentifiers} identifiers an order`)
  const identifiers = value.map(parseIdentifier)
  const problems = identifiers.map((each) => refuse(each, constraints)).filter((problem) => problem !== undefined)
  const [first, ...others] = problems
  if (first && others.length === 0) throw first
  if (first) throw new Problem('rejectedIdentifier', 'some identifiers are refused', { subproblems: problems })
  return [...new Set(identifiers.map((identifier) => identifier.value.toLowerCase()))]
}

/** Lower case, letters, digits and hyphens, as certificates and URLs can carry it. */
export function isHostName(name: string): boolean {
  if (name.length > 253) return false
  const labels = name.split('.')
  // A last label of digits would be read as an address by URL parsers.
  return (
    !/^\d+$/.test(labels.at(-1) ?? '') && labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
  )
}

function parseIdentifier(value: unknown): Identifier {
  if (!isJsonObject(value) || typeof value.type !== 'string' || typeof value.value !== 'string') {
    throw new Problem('malformed', 'an identifier needs a type and a value')
  }
  return { type: value.type, value: value.value }
}

function refuse(identifier: Identifier, constraints: NameConstraints): Problem | undefined {
  const { type, value } = identifier
  if (type === 'ip') return refuseAddress(identifier, constraints)
  if (type !== 'dns') {
    return new Problem('unsupportedIdentifier', 'this CA issues for DNS names and addresses only', { identifier })
  }
  if (value.startsWith('*.')) {
    return new Problem('rejectedIdentifier', 'a wildcard cannot be validated by http-01', { identifier })
  }
  const name = value.toLowerCase()
  return isHostName(name) && isPermitted(constraints, name) ? undefined : notPermitted(identifier, constraints)
}

function refuseAddress(identifier: Identifier, constraints: NameConstraints): Problem | undefined {
  const canonical = parseAddress(identifier.value)
  if (canonical !== identifier.value) {
    const detail = `an address must be in its shortest form (RFC 8738 §3)${canonical ? `: ${canonical}` : ''}`
    return new Problem('malformed', detail, { identifier })
  }
  return isPermitted(constraints, canonical) ? undefined : notPermitted(identifier, constraints)
}

function notPermitted(identifier: Identifier, constraints: NameConstraints): Problem {
  const detail = `this CA issues only for what its root permits: ${describeConstraints(constraints)}`
  return new Problem('rejectedIdentifier', detail, { identifier })
}
