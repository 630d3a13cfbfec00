import type { ChallengePublisher } from '../../challenge/publisher.ts'
import type { AcmeConfig, ListenAddress } from '../../config/config.ts'
import type { CaRequest } from './ca-requests.ts'
import type { DnsLookup } from './dns-lookup.ts'
import type { Dial } from './fetch-probe.ts'

/** Where the edge listens for plain HTTP. */
export interface Listening {
  readonly http: readonly ListenAddress[]
}

/** What WAF rules make of a request. */
export interface RuleReport {
  /** The rule that would end it, and how; `undefined`: it would pass. */
  readonly blocked: { readonly ruleId: number | undefined; readonly as: string } | undefined
  /** Rules that matched and are logged, and what they looked at. */
  readonly matches: readonly { readonly ruleId: number; readonly variable: string | undefined }[]
}

/** @param exclusion SecLang that stands before all other rules; one that cannot be loaded blocks */
export type InspectRequest = (request: CaRequest, exclusion?: string) => Promise<RuleReport>

export interface DiagnosisOptions {
  /** As a person wrote them: what is no name is a finding, too. */
  readonly names: readonly string[]
  readonly acme: Pick<AcmeConfig, 'directory' | 'rootCa'>
  readonly publisher: ChallengePublisher
  readonly dns: DnsLookup
  readonly listening: Listening
  /** Puts a request through the rules of the config. Default: there are none. */
  readonly inspect?: InspectRequest | undefined
  /** The account's URL at the CA; `undefined`: none yet. */
  readonly accountUrl: string | undefined
  /** Whether the CA sees the web alone, not this network. Default: by the host of its directory. */
  readonly publicCa?: boolean
  /** Where connections go. Default: to the address and port themselves. */
  readonly dial?: Dial
  /** This machine's addresses. Default: those of its interfaces. */
  readonly own?: ReadonlySet<string>
  /** Milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number
  /** To connect, and again for the answer. Default: 10 000, as Let's Encrypt waits. */
  readonly timeoutMs?: number
  readonly signal: AbortSignal
}
