import { toEdgeError } from '../errors.ts'
import { field } from '../log.ts'
import { certificateFolders, installCertificate, loadCertificate } from './certificates.ts'
import type { Store } from './contract.ts'
import type { RedisLink } from './redis-link.ts'
import { type CertificateIndex, digestOf, digests, readIndex, withIndex } from './shared-certificate-index.ts'
import { fetchShared, forgetShared, putShared, sharedGenerations, stateOfShared } from './shared-certificate-values.ts'
import type { WarningLog } from './warning-log.ts'

/** Certificates of a folder that other machines have, too. All of it throws the ACME_EDGE_STORE_… errors. */
export interface SharedCertificates {
  /**
   * Brings into the folder what others have installed since, and hands over what they do not have. Answers what the folder
   * has then: by name, something that changes with the certificate. Costs one command where nothing has changed.
   */
  pull(): Promise<ReadonlyMap<string, string>>
  /** The same of what the folder has as it is; asks nobody. */
  present(): Promise<ReadonlyMap<string, string>>
  /**
   * Hands the certificate of the folder to the others, unless somebody has installed a later one meanwhile: then that one
   * is brought into the folder, and the answer is `false`.
   */
  push(name: string): Promise<boolean>
}

export interface SharedCertificatesParts {
  readonly redis: RedisLink
  readonly folder: string
  /** The store of this machine: it remembers which generations the folder has. */
  readonly local: Store
  readonly log: WarningLog
}

/** Certificates that are fetched and installed at a time. */
const WIDTH = 8

/**
 * Redis holds the truth: `certificate:<name>` is key and chain as one checksummed value (with a copy), and `live` the
 * generation of each name, which grows. A certificate is replaced only by who knows its generation, so that a process which
 * was paused does not put an old one in the place of a new one. The folder is a copy that serves on without Redis; when
 * Redis has lost its data, it is where they come back from.
 */
export function shareCertificates(parts: SharedCertificatesParts): SharedCertificates {
  let seen = ''
  return {
    async pull() {
      const state = await stateOfShared(parts.redis)
      const [names, index] = await Promise.all([certificateFolders(parts.folder), readIndex(parts.local)])
      // A name that is unknown was installed by hand, or by a process that ended before it could hand it over.
      if (state === seen && names.every((name) => index.has(name))) return digests(index)
      return withIndex(parts.local, async (current) => {
        const isComplete = await reconcile(parts, current)
        seen = isComplete ? state : '' // what was installed while we read has a state of its own
        return digests(current)
      })
    },
    present: async () => digests(await readIndex(parts.local)),
    push: (name) => withIndex(parts.local, (index) => handOver(parts, index, name)),
  }
}

/** Whether the folder has all that is shared then. */
async function reconcile(parts: SharedCertificatesParts, index: CertificateIndex): Promise<boolean> {
  const shared = await sharedGenerations(parts.redis)
  const isNewer = ([name, generation]: [string, number]) => generation > (index.get(name)?.generation ?? 0)
  const later = [...shared].filter(isNewer)
  await inLanes(later, async ([name, generation]) => {
    await bring(parts, index, { name, generation }).catch((error) => noteSkipped(parts, name, error))
  })
  const lost = [...index.keys()].filter((name) => (shared.get(name) ?? 0) < (index.get(name)?.generation ?? 0))
  const own = (await certificateFolders(parts.folder)).filter((name) => !index.has(name))
  await inLanes([...lost, ...own], async (name) => {
    // One that cannot be read here must not keep the others from being shared.
    await handOver(parts, index, name).catch((error) => noteSkipped(parts, name, error))
  })
  return !later.some(isNewer)
}

/** Installs the shared certificate in the folder; `false` when it is there already, or cannot be used. */
async function bring(
  parts: SharedCertificatesParts,
  index: CertificateIndex,
  { name, generation }: { readonly name: string; readonly generation: number },
): Promise<boolean> {
  const set = await fetchShared(parts, name)
  if (set === undefined) {
    await forgetShared(parts.redis, name, generation)
    return false
  }
  const digest = digestOf(set)
  const present = await loadCertificate(parts.folder, name).catch(() => undefined)
  const isPresent = present !== undefined && digestOf(present) === digest
  if (!isPresent) await installCertificate(parts.folder, { name, ...set })
  index.set(name, { generation, digest })
  return !isPresent
}

async function handOver(parts: SharedCertificatesParts, index: CertificateIndex, name: string): Promise<boolean> {
  const { redis, folder, log } = parts
  const present = await loadCertificate(folder, name)
  if (present === undefined) return true
  const digest = digestOf(present)
  const known = index.get(name)
  // The same set keeps its generation: a replica that was away longest must not make its old certificate the newest.
  const own = known?.digest === digest ? known.generation : 0
  const { isPut, generation } = await putShared(redis, { name, set: present, known: known?.generation ?? 0, own })
  if (isPut) {
    index.set(name, { generation, digest })
    return true
  }
  const isReplaced = await bring(parts, index, { name, generation })
  if (isReplaced)
    log.warn({ [field.name]: name }, 'another replica has installed a later certificate; that one is kept')
  return !isReplaced
}

function noteSkipped({ log, redis }: SharedCertificatesParts, name: string, error: unknown): void {
  if (redis.connection === undefined) throw error // so it is for all others
  const { message } = toEdgeError(error)
  log.warn({ [field.name]: name, [field.error]: message }, 'a certificate is not the same on all machines')
}

async function inLanes<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...all]
  const lane = async () => {
    for (let one = rest.shift(); one !== undefined; one = rest.shift()) await work(one)
  }
  await Promise.all(Array.from({ length: WIDTH }, lane))
}
