import type { CaaRecord as NodeCaaRecord } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { EdgeError } from '../../errors.ts'

/** What came of one question to the DNS. */
export type DnsAnswer<T> =
  | { readonly kind: 'records'; readonly records: readonly [T, ...T[]] }
  /** `exists`: the name is there, but has no such record (NODATA); otherwise there is no such name (NXDOMAIN). */
  | { readonly kind: 'none'; readonly exists: boolean }
  /** The servers failed (SERVFAIL, REFUSED), said nothing or cannot be reached: a CA does not know, and refuses. */
  | { readonly kind: 'failed'; readonly reason: string }

/** A property of a name in the DNS that says who may issue for it (RFC 8659 §4.1). */
export interface CaaRecord {
  readonly critical: boolean
  /** Lower case: `issue`, `issuewild`, `iodef` and others. */
  readonly tag: string
  readonly value: string
}

/** The questions that a CA asks of the DNS. Aliases (CNAME) are followed by the server that is asked. */
export interface DnsLookup {
  a(name: string, signal: AbortSignal): Promise<DnsAnswer<string>>
  aaaa(name: string, signal: AbortSignal): Promise<DnsAnswer<string>>
  caa(name: string, signal: AbortSignal): Promise<DnsAnswer<CaaRecord>>
}

export interface DnsLookupOptions {
  /** `address` or `address:port` (IPv6 in brackets). Default: those of this machine. */
  readonly servers?: readonly string[] | undefined
  /** Of one try. Default: 3000. */
  readonly timeoutMs?: number
  /** Default: 2. */
  readonly tries?: number
}

/**
 * Asks name servers, as a CA does: neither `/etc/hosts` nor a cache of this process stands in between.
 * Throws ACME_EDGE_USAGE for a server that is none.
 */
export function createDnsLookup({ servers, timeoutMs = 3000, tries = 2 }: DnsLookupOptions = {}): DnsLookup {
  const open = () => {
    const resolver = new Resolver({ timeout: timeoutMs, tries })
    if (servers !== undefined && servers.length > 0) setServers(resolver, servers)
    return resolver
  }
  open() // what is wrong with the servers is said at once
  return {
    a: (name, signal) => ask(open(), (resolver) => resolver.resolve4(name), signal),
    aaaa: (name, signal) => ask(open(), (resolver) => resolver.resolve6(name), signal),
    caa: (name, signal) => ask(open(), async (resolver) => (await resolver.resolveCaa(name)).map(toRecord), signal),
  }
}

function setServers(resolver: Resolver, servers: readonly string[]): void {
  try {
    resolver.setServers(servers)
  } catch (cause) {
    const shown = servers.join(', ').slice(0, 100)
    const message = `${shown}: a DNS server is written address or address:port, such as 9.9.9.9 or [2620:fe::fe]:53`
    throw new EdgeError('ACME_EDGE_USAGE', message, { cause })
  }
}

/** One resolver a question: cancelling it cancels nobody else's. */
async function ask<T>(
  resolver: Resolver,
  question: (resolver: Resolver) => Promise<T[]>,
  signal: AbortSignal,
): Promise<DnsAnswer<T>> {
  signal.throwIfAborted()
  const cancel = () => resolver.cancel()
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const [first, ...rest] = await question(resolver)
    return first === undefined ? { kind: 'none', exists: true } : { kind: 'records', records: [first, ...rest] }
  } catch (error) {
    signal.throwIfAborted()
    return toAnswer(error)
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

function toAnswer(error: unknown): DnsAnswer<never> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  if (code === 'ENODATA') return { kind: 'none', exists: true }
  if (code === 'ENOTFOUND') return { kind: 'none', exists: false }
  return { kind: 'failed', reason: reasons[code] ?? code }
}

const reasons: Readonly<Record<string, string>> = {
  ESERVFAIL: 'SERVFAIL',
  EREFUSED: 'REFUSED',
  EFORMERR: 'FORMERR',
  ENOTIMP: 'NOTIMP',
  ETIMEOUT: 'no answer in time',
  ECONNREFUSED: 'no DNS server listens there',
  EBADRESP: 'an answer that cannot be read',
}

/** Node puts the value under the tag's name, next to `critical` and `type`. */
function toRecord({ critical, ...rest }: NodeCaaRecord): CaaRecord {
  const [tag = '', value = ''] = Object.entries(rest).find(([key]) => key !== 'type') ?? []
  // Bit 128 is the flag of RFC 8659 §4.1; so many have written 1 for it that Let's Encrypt takes that for it, too.
  return { critical: (critical & 129) !== 0, tag: tag.toLowerCase(), value: String(value) }
}
