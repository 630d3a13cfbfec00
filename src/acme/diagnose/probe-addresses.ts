import { randomBytes } from 'node:crypto'
import type { ChallengePublisher } from '../../challenge/publisher.ts'
import { challengePrefix } from '../../challenge/token.ts'
import type { HostName } from '../../http.ts'
import { addressIn, hasIpv6, isBehindNat, ownAddresses } from './address-kind.ts'
import type { DiagnosisOptions } from './diagnosis-types.ts'
import type { Addresses } from './find-addresses.ts'
import { type Finding, finding } from './finding.ts'
import { type ChainOutcome, followChain } from './follow-chain.ts'
import { judgeChain } from './judge-chain.ts'
import { type Fault, maxRedirects } from './redirect-rules.ts'

export interface Probing {
  readonly name: HostName
  readonly addresses: Addresses
  readonly publicCa: boolean
}

/** How often an address that answers is asked: what several machines share shows itself then. */
const rounds = 3
/** A name with more of them is probed at these. */
const mostAddresses = 8
const defaultTimeoutMs = 10_000
/** Outlives every probe; should this process be killed, the edge forgets the token then. */
const lifeMs = 300_000
const withdrawTimeoutMs = 5_000

interface Probe {
  readonly address: string
  readonly fault: Fault | undefined
  /** Whether the connection itself failed. */
  readonly unanswered: boolean
  readonly untried: boolean
  readonly redirects: number
  /** The first address that a redirect has for a name. */
  readonly addressed: string | undefined
}

/**
 * Publishes a token as an order would, asks for it at every address of the name as a CA does, and withdraws it whatever
 * happens. The token is random and belongs to no order, so nobody can prove anything with it.
 */
export async function probeAddresses(probing: Probing, options: DiagnosisOptions): Promise<readonly Finding[]> {
  const { name } = probing
  const token = randomBytes(32).toString('base64url')
  const keyAuthorization = `${token}.${randomBytes(32).toString('base64url')}`
  try {
    const published = await publish({ host: name, token, keyAuthorization }, options)
    if (published !== undefined) return [published]
    const url = new URL(`http://${name.includes(':') ? `[${name}]` : name}${challengePrefix}${token}`)
    const { v4, v6 } = probing.addresses
    const ask = { url, keyAuthorization, publicCa: probing.publicCa }
    const probes = await Promise.all(
      [...v6.slice(0, mostAddresses), ...v4.slice(0, mostAddresses)].map((address) =>
        probe({ ...ask, address }, options),
      ),
    )
    return judgeAll(name, probes)
  } finally {
    await withdraw(options.publisher, { host: name, token })
  }
}

type Challenge = { readonly host: HostName; readonly token: string; readonly keyAuthorization: string }

async function publish(challenge: Challenge, options: DiagnosisOptions): Promise<Finding | undefined> {
  const { publisher, signal, now = Date.now } = options
  try {
    await publisher.publish({ ...challenge, expiresAtMs: now() + lifeMs }, signal)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    const why = error instanceof Error ? error.message : String(error)
    const text = `the edge did not take a challenge: ${why}`
    return finding('PUBLISH_FAILED', { name: challenge.host, text, fix: 'see the log of the edge; restart it' })
  }
}

/** A failure to withdraw must not hide what was found; the token dies by itself. */
async function withdraw(publisher: ChallengePublisher, challenge: Pick<Challenge, 'host' | 'token'>): Promise<void> {
  await publisher.withdraw(challenge, AbortSignal.timeout(withdrawTimeoutMs)).catch(() => undefined)
}

interface Asking {
  readonly url: URL
  readonly address: string
  readonly keyAuthorization: string
  readonly publicCa: boolean
}

async function probe({ url, address, keyAuthorization, publicCa }: Asking, options: DiagnosisOptions): Promise<Probe> {
  const { dns, listening, signal, timeoutMs = defaultTimeoutMs, dial = direct, own = ownAddresses() } = options
  const expected = { address, own: own.has(address), behindNat: isBehindNat(address, own), keyAuthorization, listening }
  const ask = () => followChain({ url, address, dns, publicOnly: publicCa, dial, timeoutMs, signal })
  const first = await ask()
  const fault = judgeChain(first, expected)
  const about = { address, unanswered: first.kind === 'unanswered', ...wayOf(first) }
  const untried = address.includes(':') && about.unanswered && fault?.code === 'PORT_UNREACHABLE' && !hasIpv6(own)
  for (let round = 1; round < rounds && first.kind === 'answered'; round += 1) {
    const again = judgeChain(await ask(), expected)
    if ((again === undefined) !== (fault === undefined))
      return { ...about, untried, fault: varies(address, fault ?? again) }
  }
  return { ...about, untried, fault }
}

const direct = (host: string, port: number) => ({ host, port })

function wayOf(outcome: ChainOutcome): Pick<Probe, 'redirects' | 'addressed'> {
  const redirects = outcome.kind === 'answered' ? outcome.visited.slice(1) : []
  return { redirects: redirects.length, addressed: redirects.map(addressIn).find((address) => address !== undefined) }
}

function varies(address: string, fault: Fault | undefined): Fault {
  const text = `${address} does not always give the token: ${fault?.text ?? 'the answers differ'}`
  const fix =
    'let all machines behind this address share one store (store: redis://…), or send the challenge to one of them'
  return { code: 'ANSWER_VARIES', text, fix }
}

function judgeAll(name: string, probes: readonly Probe[]): readonly Finding[] {
  const isV6 = ({ address }: Probe) => address.includes(':')
  const right = probes.filter(({ fault }) => fault === undefined)
  const v4IsRight = right.some((one) => !isV6(one))
  const v6IsRight = right.some(isV6)
  return probes.flatMap((one): Finding[] => {
    const { fault, address } = one
    if (fault === undefined) return one.redirects === 0 ? [] : [redirected(name, one)]
    if (one.untried) return [untried(name, address)]
    if (isV6(one) && v4IsRight) return [one.unanswered ? stale(name, fault) : other(name, fault)]
    // A CA that finds an AAAA record asks there; the A record is for those that cannot.
    if (!isV6(one) && v6IsRight) return [{ ...finding(fault.code, { name, ...fault }), severity: 'warning' }]
    return [finding(fault.code, { name, ...fault })]
  })
}

function redirected(name: string, { address, redirects, addressed }: Probe): Finding {
  const times = redirects === 1 ? 'a redirect' : `${redirects} redirects`
  const text = `the token is found at ${address} by way of ${times}`
  if (redirects > maxRedirects) {
    const fix = `shorten the way: Let's Encrypt follows ${redirects}, others ${maxRedirects} or less`
    return { ...finding('REDIRECT_TOO_MANY', { name, text, fix }), severity: 'warning' }
  }
  if (addressed !== undefined) {
    const fix = `redirect to a name: Let's Encrypt follows to ${addressed}, other CAs may not`
    return { ...finding('REDIRECT_ADDRESS', { name, text, fix }), severity: 'warning' }
  }
  return finding('REDIRECTED', { name, text, fix: 'nothing has to be done, as long as the target stays as it is' })
}

function untried(name: string, address: string): Finding {
  const text = `the AAAA record's ${address} was not tried: this machine has no IPv6`
  return finding('IPV6_UNTRIED', { name, text, fix: 'see from elsewhere that it answers, or remove the AAAA record' })
}

function stale(name: string, { text }: Fault): Finding {
  const fix =
    'remove the AAAA record, or let acme-edge answer there: CAs ask there first, and not all of them then try the A record'
  return finding('IPV6_STALE', { name, text: `the AAAA record is stale: ${text}, and the A record is right`, fix })
}

function other(name: string, { text }: Fault): Finding {
  const fix = 'remove the AAAA record, or point it at this machine: CAs ask there first, and go by the answer'
  return finding('IPV6_OTHER', { name, text: `the AAAA record leads elsewhere: ${text}; the A record is right`, fix })
}
