import { isJsonObject } from './payload.ts'
import { type Identifier, Problem } from './problem.ts'

/** The only name, with all names under it, that this CA vouches for (RFC 6761 §6.3 keeps it on the machine). */
export const localDomain = 'localhost'

const maxIdentifiers = 100

/**
 * The host names of a newOrder payload, lower case, each once. Every identifier that is refused is reported, as a
 * subproblem when there are several (RFC 8555 §6.7.1).
 */
export function parseIdentifiers(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0) throw new Problem('malformed', 'identifiers must be a list of names')
  if (value.length > maxIdentifiers) throw new Problem('malformed', `at most ${maxIdentifiers} identifiers an order`)
  const identifiers = value.map(parseIdentifier)
  const problems = identifiers.map(refuse).filter((problem) => problem !== undefined)
  const [first, ...others] = problems
  if (first && others.length === 0) throw first
  if (first) throw new Problem('rejectedIdentifier', 'some identifiers are refused', { subproblems: problems })
  return [...new Set(identifiers.map((identifier) => identifier.value.toLowerCase()))]
}

export function isLocalName(name: string): boolean {
  if (name.length > 253) return false
  const labels = name.split('.')
  return labels.at(-1) === localDomain && labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
}

function parseIdentifier(value: unknown): Identifier {
  if (!isJsonObject(value) || typeof value.type !== 'string' || typeof value.value !== 'string') {
    throw new Problem('malformed', 'an identifier needs a type and a value')
  }
  return { type: value.type, value: value.value }
}

function refuse(identifier: Identifier): Problem | undefined {
  if (identifier.type !== 'dns') {
    return new Problem('unsupportedIdentifier', 'this CA issues for DNS names only', { identifier })
  }
  if (identifier.value.startsWith('*.')) {
    return new Problem('rejectedIdentifier', 'a wildcard cannot be validated by http-01', { identifier })
  }
  if (isLocalName(identifier.value.toLowerCase())) return undefined
  return new Problem('rejectedIdentifier', `this CA issues for ${localDomain} and names under it only`, { identifier })
}
