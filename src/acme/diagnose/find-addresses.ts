import { addressKind } from './address-kind.ts'
import type { DnsAnswer, DnsLookup } from './dns-lookup.ts'

/** The addresses of a name as a CA sees them. */
export interface Addresses {
  readonly v4: readonly string[]
  readonly v6: readonly string[]
  /** Those that no public CA connects to, with what they are. */
  readonly special: readonly { readonly address: string; readonly kind: string }[]
  readonly exists: boolean
  /** Look-ups that failed. */
  readonly failures: readonly { readonly type: 'A' | 'AAAA'; readonly reason: string }[]
}

export interface AddressOptions {
  readonly dns: DnsLookup
  /** Whether special addresses are left out, as a CA of the web leaves them out. */
  readonly publicOnly: boolean
  readonly signal: AbortSignal
}

/** RFC 8555 §8.3 leaves it to the CA how it resolves a name: all of them ask for A and AAAA. */
export async function findAddresses(name: string, { dns, publicOnly, signal }: AddressOptions): Promise<Addresses> {
  const [a, aaaa] = await Promise.all([dns.a(name, signal), dns.aaaa(name, signal)])
  const isUsable = (address: string) => !publicOnly || addressKind(address) === 'public'
  const all = [...recordsOf(a), ...recordsOf(aaaa)]
  return {
    v4: recordsOf(a).filter(isUsable),
    v6: recordsOf(aaaa).filter(isUsable),
    special: all.filter((one) => !isUsable(one)).map((address) => ({ address, kind: addressKind(address) })),
    exists: [a, aaaa].some((answer) => answer.kind === 'records' || (answer.kind === 'none' && answer.exists)),
    failures: [...failureOf('A', a), ...failureOf('AAAA', aaaa)],
  }
}

const recordsOf = (answer: DnsAnswer<string>): readonly string[] => (answer.kind === 'records' ? answer.records : [])

function failureOf(type: 'A' | 'AAAA', answer: DnsAnswer<string>) {
  return answer.kind === 'failed' ? [{ type, reason: answer.reason }] : []
}
