import { addressIn, addressKind } from './address-kind.ts'
import type { DnsLookup } from './dns-lookup.ts'
import { type Dial, type FetchOutcome, fetchProbe } from './fetch-probe.ts'
import { findAddresses } from './find-addresses.ts'
import { type Fault, followRedirect } from './redirect-rules.ts'

type Answered = Extract<FetchOutcome, { kind: 'answered' }>

/** Where a validator ends up that begins at one address. */
export type ChainOutcome =
  | { readonly kind: 'answered'; readonly answer: Answered; readonly visited: readonly [URL, ...URL[]] }
  /** The first address itself gave no answer. */
  | { readonly kind: 'unanswered'; readonly outcome: Exclude<FetchOutcome, Answered> }
  | { readonly kind: 'misled'; readonly fault: Fault }

export interface ChainOptions {
  readonly url: URL
  readonly address: string
  readonly dns: DnsLookup
  readonly publicOnly: boolean
  readonly dial: Dial
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Asks at the address, and goes on from redirect to redirect as a CA does. */
export async function followChain(options: ChainOptions): Promise<ChainOutcome> {
  let visited: readonly [URL, ...URL[]] = [options.url]
  let outcome = await fetchProbe(options)
  if (outcome.kind !== 'answered') return { kind: 'unanswered', outcome }
  while (isRedirect(outcome.status)) {
    const next = followRedirect({ ...outcome, visited })
    if (!(next instanceof URL)) return { kind: 'misled', fault: next }
    const address = addressIn(next) ?? (await chooseAddress(next.hostname, options))
    if (address === undefined) return { kind: 'misled', fault: unresolved(next) }
    if (options.publicOnly && addressKind(address) !== 'public')
      return { kind: 'misled', fault: notPublic(next, address) }
    const from = visited.at(-1) ?? next
    visited = [...visited, next]
    const following: FetchOutcome = await fetchProbe({ ...options, url: next, address })
    if (following.kind !== 'answered')
      return { kind: 'misled', fault: unanswered({ from, to: next, address }, following) }
    outcome = following
  }
  return { kind: 'answered', answer: outcome, visited }
}

/** 304 is none, and no answer either. */
const isRedirect = (status: number): boolean => status >= 300 && status <= 399

/** IPv6 first; where that fails, a redirect's target is not tried over IPv4. */
async function chooseAddress(host: string, options: ChainOptions): Promise<string | undefined> {
  const { v4, v6 } = await findAddresses(host, options)
  return v6[0] ?? v4[0]
}

function unresolved(to: URL): Fault {
  const text = `the challenge is redirected to ${to.href}, and ${to.hostname} has no address that a CA can use`
  return { code: 'REDIRECT_UNRESOLVED', text, fix: `give ${to.hostname} an A record, or do not redirect the challenge` }
}

function notPublic(to: URL, address: string): Fault {
  const text = `the challenge is redirected to ${to.href}, and ${address} is ${addressKind(address)}`
  return { code: 'REDIRECT_ADDRESS', text, fix: 'redirect the challenge to a public address, or not at all' }
}

function unanswered(
  { from, to, address }: { from: URL; to: URL; address: string },
  outcome: Exclude<FetchOutcome, Answered>,
): Fault {
  const text = `${from.href} redirects to ${to.href}, and ${address} there`
  if (outcome.kind === 'tls-failed') {
    const fix = `serve TLS 1.2 or later for ${to.hostname} (any certificate will do), or do not redirect the challenge`
    return { code: 'REDIRECT_TLS', text: `${text} does not complete TLS (${outcome.reason})`, fix }
  }
  const fix = `mend the server of ${to.hostname} or its records, or do not redirect the challenge`
  return { code: 'REDIRECT_UNREACHABLE', text: `${text} ${describeOutcome(outcome)}`, fix }
}

/** What an address does instead of answering, as the end of a sentence. */
export function describeOutcome(outcome: Exclude<FetchOutcome, Answered>): string {
  switch (outcome.kind) {
    case 'refused':
      return 'refuses the connection'
    case 'unreachable':
      return `cannot be reached (${outcome.code})`
    case 'no-connection':
      return outcome.code === 'ETIMEDOUT' ? 'does not answer' : `does not take the connection (${outcome.code})`
    case 'silent':
      return 'takes the request and does not answer in time'
    case 'closed':
      return 'closes the connection without an answer'
    case 'not-http':
      return 'answers something that is not HTTP'
    case 'tls':
      return 'speaks TLS where plain HTTP is expected'
    case 'tls-failed':
      return `does not complete TLS (${outcome.reason})`
    default:
      return outcome satisfies never
  }
}
