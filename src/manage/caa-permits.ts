import { isIP } from 'node:net'
import { findCaa, judgeCaa } from '../acme/diagnose/caa.ts'
import type { DnsLookup } from '../acme/diagnose/dns-lookup.ts'

/** Of a CA, what CAA records know it by. */
export interface CaaIdentity {
  /** `meta.caaIdentities` of its directory (RFC 8555 §7.1.1). */
  readonly identities: readonly string[]
  readonly accountUrl: string | undefined
}

/**
 * Whether no CAA record of the names keeps the CA from issuing (RFC 8659), so that an order that it has to refuse is not sent.
 * What cannot be looked up from here is for the CA to find.
 */
export async function permitsByCaa(
  names: readonly string[],
  { identities, accountUrl }: CaaIdentity,
  { dns, signal }: { readonly dns: DnsLookup; readonly signal: AbortSignal },
): Promise<boolean> {
  for (const name of names) {
    if (isIP(name) !== 0) continue
    const found = await findCaa(name, dns, signal)
    if (found.kind !== 'found') continue
    const { kind } = judgeCaa(found.records, { identities, accountUrl, wildcard: false })
    if (kind !== 'allowed' && kind !== 'unknown') return false
  }
  return true
}
