import { parseCertificateNames } from '../acme/certificate-names.ts'
import { fetchDirectory } from '../acme/client.ts'
import { issueCertificate } from '../acme/issue-certificate.ts'
import { fetchRenewalInfo, type RenewalInfo } from '../acme/renewal/renewal-info.ts'
import { openTransport } from '../acme/transport.ts'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { AcmeConfig } from '../config/config.ts'
import type { Store } from '../store/contract.ts'
import type { Authorities, ObtainRequest, WantedCertificate } from './managed-certificate.ts'

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
export function configuredAuthorities(parts: AuthorityParts): Authorities<WantedCertificate> {
  const infoUrls = new InfoUrls(parts.now)
  return {
    async obtain(request, signal) {
      const acme = parts.acme()
      await issueCertificate({ ...parts, ...wishOf(request), acme, certificateFolder: parts.folder, signal })
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

function wishOf({ wanted }: ObtainRequest) {
  return { names: parseCertificateNames(wanted.names) }
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
