import type { CertificateWish } from '../acme/certificate-wish.ts'
import { fetchDirectory } from '../acme/client.ts'
import { issueWithinBudget, type OrderCircumstances } from '../acme/issue-within-budget.ts'
import { rehearse } from '../acme/rehearse.ts'
import { paceOf } from '../acme/renewal/pace.ts'
import { fetchRenewalInfo, type RenewalInfo } from '../acme/renewal/renewal-info.ts'
import { isUrgent } from '../acme/renewal/renewal-state.ts'
import { openTransport } from '../acme/transport.ts'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { AcmeConfig } from '../config/config.ts'
import type { Store } from '../store/contract.ts'
import type { Authorities, ObtainRequest } from './managed-certificate.ts'
import { isCertificateId } from './present-certificate.ts'

export interface AuthorityParts {
  /** The section of the config as it is now. */
  readonly acme: () => AcmeConfig
  readonly store: Store
  readonly folder: string
  readonly publisher: ChallengePublisher
  readonly now: () => number
}

/** A CA's directory changes when it moves house; an hour later we know. */
const DIRECTORY_KEPT_MS = 3_600_000
const ASK_TIMEOUT_MS = 30_000

/** The CAs of the config. */
export function configuredAuthorities(parts: AuthorityParts): Authorities {
  const infoUrls = new InfoUrls(parts.now)
  return {
    async obtain(request, signal) {
      const acme = parts.acme()
      await order({ ...parts, acme, request }, signal)
      return { directory: acme.directory }
    },
    async ask(id, directory, signal) {
      const acme = parts.acme()
      // What another CA gave (one that was configured before) is renewed by its life.
      if (directory !== undefined && directory !== acme.directory) return undefined
      return askAuthority(acme, { id, infoUrls, nowMs: parts.now() }, signal)
    },
  }
}

interface Ordering extends Omit<AuthorityParts, 'acme'> {
  readonly acme: AcmeConfig
  readonly request: ObtainRequest
}

async function order(parts: Ordering, signal: AbortSignal): Promise<void> {
  const { acme, request, folder } = parts
  const wish = wishOf(request, acme.directory)
  // After a failure the CA is tried where failures cost little, and its real directory only once that went well.
  if (acme.staging !== undefined && request.record.state.failures > 0)
    await rehearse({ ...parts, ...wish, replaces: undefined, staging: acme.staging, signal })
  await issueWithinBudget({ ...parts, ...wish, certificateFolder: folder, signal }, circumstancesOf(parts, wish))
}

function circumstancesOf({ acme, request, now }: Ordering, wish: CertificateWish): OrderCircumstances {
  const { wanted, present, record } = request
  const isUrgentOne = present === undefined || present.isRevoked || isUrgent(present, record.state, now())
  const lifeMs = present === undefined ? 0 : present.notAfterMs - present.notBeforeMs
  const fleet = { certificates: acme.certificates.length, renewalIntervalMs: (lifeMs * 2) / 3 }
  return {
    isRenewal: present !== undefined && sameNames(wanted.names, present.names),
    viaAri: wish.replaces !== undefined && record.state.info !== undefined,
    ...(isUrgentOne ? {} : { pace: paceOf(fleet) }),
  }
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return [...some].sort().join() === [...others].sort().join()
}

/** Only the CA that gave a certificate knows what follows it. */
function wishOf({ wanted, present, record }: ObtainRequest, directory: string): CertificateWish {
  const isOurs = record.directory === undefined || record.directory === directory
  const replaces = present !== undefined && isOurs && isCertificateId(present.id) ? present.id : undefined
  return { ...wanted, replaces }
}

async function askAuthority(
  { directory, rootCa }: AcmeConfig,
  { id, infoUrls, nowMs }: { id: string; infoUrls: InfoUrls; nowMs: number },
  stop: AbortSignal,
): Promise<RenewalInfo | undefined> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(ASK_TIMEOUT_MS)])
  const transport = await openTransport({ rootCa })
  try {
    const url = await infoUrls.find(directory, async () => {
      return (await fetchDirectory(transport, directory, signal)).renewalInfo
    })
    return url === undefined ? undefined : await fetchRenewalInfo({ url, id, transport, nowMs }, signal)
  } finally {
    await transport.close()
  }
}

/** By directory, where a CA says when to renew: ten thousand certificates are asked about with one look at the directory. */
class InfoUrls {
  readonly #now: () => number
  readonly #known = new Map<string, { readonly url: Promise<string | undefined>; readonly untilMs: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  find(directory: string, fetch: () => Promise<string | undefined>): Promise<string | undefined> {
    const known = this.#known.get(directory)
    if (known !== undefined && this.#now() < known.untilMs) return known.url
    const url = fetch()
    this.#known.set(directory, { url, untilMs: this.#now() + DIRECTORY_KEPT_MS })
    url.catch(() => this.#known.delete(directory))
    return url
  }
}
