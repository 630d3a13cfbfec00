import { fetchDirectory } from '../acme/client.ts'
import { fetchRenewalInfo, type RenewalInfo } from '../acme/renewal/renewal-info.ts'
import { openTransport } from '../acme/transport.ts'
import type { AcmeConfig } from '../config/config.ts'

/** A CA's directory changes when it moves house; an hour later we know. */
const DIRECTORY_KEPT_MS = 3_600_000
const ASK_TIMEOUT_MS = 30_000

export interface InfoQuestion {
  /** From certificateId(). */
  readonly id: string
  readonly infoUrls: InfoUrls
  readonly nowMs: number
}

/** What the CA says of renewing a certificate of its own; `undefined`: it says nothing of any. */
export async function askAuthority(
  { directory, rootCa }: AcmeConfig,
  { id, infoUrls, nowMs }: InfoQuestion,
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
export class InfoUrls {
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
