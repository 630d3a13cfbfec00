import type { CaaRecord, DnsLookup } from './dns-lookup.ts'

/** The records that decide for a name (RFC 8659 §3), or that there are none, or that it cannot be known. */
export type CaaFound =
  | { readonly kind: 'none' }
  /** `at`: the name that has them, the one that was asked for or one above it. */
  | { readonly kind: 'found'; readonly at: string; readonly records: readonly CaaRecord[] }
  | { readonly kind: 'failed'; readonly at: string; readonly reason: string }

/**
 * Climbs from the name towards the root until there are CAA records; the root itself is not asked. A look-up that fails ends
 * the climb: records that cannot be read may forbid what those above them allow.
 */
export async function findCaa(name: string, dns: DnsLookup, signal: AbortSignal): Promise<CaaFound> {
  const labels = name.replace(/^\*\./, '').split('.')
  for (let i = 0; i < labels.length; i += 1) {
    const at = labels.slice(i).join('.')
    const answer = await dns.caa(at, signal)
    if (answer.kind === 'failed') return { kind: 'failed', at, reason: answer.reason }
    if (answer.kind === 'records') return { kind: 'found', at, records: answer.records }
  }
  return { kind: 'none' }
}

export interface CaaQuestion {
  /** The domains that the CA goes by in CAA records: `meta.caaIdentities` of its directory. */
  readonly identities: readonly string[]
  readonly wildcard: boolean
  /** The account's URL; `undefined` where there is none yet. */
  readonly accountUrl: string | undefined
}

export type CaaVerdict =
  | { readonly kind: 'allowed' }
  /** No record names the CA. */
  | { readonly kind: 'other-ca' }
  /** A record names the CA, but not for HTTP-01 (RFC 8657 §4). */
  | { readonly kind: 'other-method'; readonly methods: string }
  /** A record names the CA, but for another account (RFC 8657 §3). */
  | { readonly kind: 'other-account'; readonly accountUri: string }
  /** A property that no CA knows is marked critical (RFC 8659 §4.5). */
  | { readonly kind: 'critical-unknown'; readonly tag: string }
  /** The CA does not say which domains it goes by. */
  | { readonly kind: 'unknown' }

/** Whether a CA may issue over HTTP-01 where these records decide. */
export function judgeCaa(records: readonly CaaRecord[], question: CaaQuestion): CaaVerdict {
  const unknown = records.find(({ critical, tag }) => critical && !knownTags.has(tag))
  if (unknown !== undefined) return { kind: 'critical-unknown', tag: unknown.tag }
  const deciding = decidingRecords(records, question.wildcard)
  if (deciding.length === 0) return { kind: 'allowed' } // only iodef and the like: nobody is excluded
  if (question.identities.length === 0) return { kind: 'unknown' }
  const verdicts = deciding.map(({ value }) => judgeIssuer(value, question))
  // One record that allows is enough; of those that do not, the one that comes closest says what to change.
  return ranking.map((kind) => verdicts.find((verdict) => verdict.kind === kind)).find(Boolean) ?? { kind: 'other-ca' }
}

const ranking = ['allowed', 'other-account', 'other-method', 'other-ca'] as const
const knownTags = new Set(['issue', 'issuewild', 'iodef', 'issuemail'])

/** RFC 8659 §4.3: for a wildcard `issuewild` replaces `issue` where there is any. */
function decidingRecords(records: readonly CaaRecord[], wildcard: boolean): readonly CaaRecord[] {
  const wild = wildcard ? records.filter(({ tag }) => tag === 'issuewild') : []
  return wild.length > 0 ? wild : records.filter(({ tag }) => tag === 'issue')
}

function judgeIssuer(value: string, { identities, accountUrl }: CaaQuestion): CaaVerdict {
  const issuer = parseIssuer(value)
  if (issuer === undefined || !identities.some((identity) => identity.toLowerCase() === issuer.domain))
    return { kind: 'other-ca' }
  const methods = issuer.parameters.get('validationmethods')
  if (methods !== undefined && !methods.split(',').includes('http-01')) return { kind: 'other-method', methods }
  const accountUri = issuer.parameters.get('accounturi')
  if (accountUri !== undefined && accountUri !== accountUrl) return { kind: 'other-account', accountUri }
  return { kind: 'allowed' }
}

interface Issuer {
  readonly domain: string
  readonly parameters: ReadonlyMap<string, string>
}

/** RFC 8659 §4.2: a domain, then parameters behind semicolons. `undefined`: malformed, and so it authorises nobody. */
function parseIssuer(value: string): Issuer | undefined {
  const [domain = '', ...rest] = value.split(';').map((part) => part.replace(/^[ \t]+|[ \t]+$/g, ''))
  const given = rest.length === 1 && rest[0] === '' ? [] : rest
  const parameters = new Map<string, string>()
  for (const part of given) {
    const match = /^([A-Za-z0-9]+)[ \t]*=[ \t]*([\x21-\x3a\x3c-\x7e]*)$/.exec(part)
    if (match === null) return undefined
    parameters.set(String(match[1]).toLowerCase(), String(match[2]))
  }
  return { domain: domain.toLowerCase(), parameters }
}
