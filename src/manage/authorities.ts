import { certificateAuthorities } from '../acme/certificate-authorities.ts'
import { fetchDirectory } from '../acme/client.ts'
import { findAccountUrl } from '../acme/diagnose/account-url.ts'
import { createDnsLookup, type DnsLookup } from '../acme/diagnose/dns-lookup.ts'
import { openTransport } from '../acme/transport.ts'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { AcmeConfig } from '../config/config.ts'
import { EdgeError } from '../errors.ts'
import type { Store } from '../store/contract.ts'
import { askAuthority, InfoUrls } from './ask-authority.ts'
import { permitsByCaa } from './caa-permits.ts'
import type { Authorities, ObtainRequest } from './managed-certificate.ts'
import { cannotWait, orderFrom } from './order-from.ts'

export interface AuthorityParts {
  /** The section of the config as it is now. */
  readonly acme: () => AcmeConfig
  readonly store: Store
  readonly folder: string
  readonly publisher: ChallengePublisher
  readonly now: () => number
  /** Default: the name servers of this machine. */
  readonly dns?: DnsLookup
}

/** So many failures in a row at the first CA, and the next one is asked although there is time. */
const PATIENCE = 3
const CAA_TIMEOUT_MS = 15_000

/** The CAs of the config: the first one, and those that stand in for it when it cannot. */
export function configuredAuthorities(parts: AuthorityParts): Authorities {
  const infoUrls = new InfoUrls(parts.now)
  return {
    async obtain(request, signal) {
      const [first, ...others] = certificateAuthorities(parts.acme()) as [AcmeConfig, ...AcmeConfig[]] // there always is a first one
      try {
        return await orderAt(first, { parts, request }, signal)
      } catch (error) {
        if (signal.aborted || !isOfTheCa(error) || !isTimeForAnother(request, parts.now())) throw error
        for (const other of others) {
          // What nobody noted the CA of is the first one's.
          const record = { ...request.record, directory: request.record.directory ?? first.directory }
          const obtained = await orderAtOther(other, { parts, request: { ...request, record } }, signal)
          if (obtained !== undefined) return obtained
        }
        throw error // what the first one says is what has to be mended
      }
    },
    async ask(id, directory, signal) {
      const known = certificateAuthorities(parts.acme())
      // What a CA gave that is no longer in the config is renewed by its life.
      const acme = directory === undefined ? known[0] : known.find((one) => one.directory === directory)
      return acme && askAuthority(acme, { id, infoUrls, nowMs: parts.now() }, signal)
    },
  }
}

interface Obtaining {
  readonly parts: AuthorityParts
  readonly request: ObtainRequest
}

async function orderAt(acme: AcmeConfig, { parts, request }: Obtaining, signal: AbortSignal) {
  await orderFrom({ ...parts, acme, request }, signal)
  return { directory: acme.directory }
}

/** `undefined`: it cannot either. Its profile is its own, whatever the certificate's entry says. */
async function orderAtOther(acme: AcmeConfig, { parts, request }: Obtaining, signal: AbortSignal) {
  try {
    if (!(await mayIssue(acme, { parts, request }, signal))) return undefined
    const wanted = { ...request.wanted, profile: acme.defaults?.profile }
    return await orderAt(acme, { parts, request: { ...request, wanted } }, signal)
  } catch (error) {
    if (signal.aborted) throw error
    return undefined
  }
}

/** An order that CAA records make it refuse is not sent. */
async function mayIssue(
  { directory, rootCa }: AcmeConfig,
  { parts, request }: Obtaining,
  stop: AbortSignal,
): Promise<boolean> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(CAA_TIMEOUT_MS)])
  const transport = await openTransport({ rootCa })
  try {
    const { caaIdentities: identities } = await fetchDirectory(transport, directory, signal)
    const accountUrl = await findAccountUrl(parts.store, directory)
    const dns = parts.dns ?? createDnsLookup()
    return await permitsByCaa(request.wanted.names, { identities, accountUrl }, { dns, signal })
  } finally {
    await transport.close()
  }
}

function isTimeForAnother(request: ObtainRequest, nowMs: number): boolean {
  return cannotWait(request, nowMs) || request.record.state.failures + 1 >= PATIENCE
}

/** What another CA might do better: it is out of reach, at fault, or refuses by its limits or its policy. */
const ofTheCa = new Set([
  'ACME_EDGE_ACME_UNREACHABLE',
  'ACME_EDGE_ACME_RATE_LIMITED',
  'ACME_EDGE_ACME_REFUSED',
  'ACME_EDGE_ACME_PROTOCOL',
  'ACME_EDGE_ACME_TIMEOUT',
])

function isOfTheCa(error: unknown): boolean {
  return error instanceof EdgeError && ofTheCa.has(error.code)
}
