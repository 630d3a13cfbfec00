import { EdgeError } from '../errors.ts'
import { installCertificate, type StoredCertificate } from '../store/certificates.ts'
import type { StoreLock } from '../store/contract.ts'
import { underLock } from '../store/under-lock.ts'
import { abortError } from './abort.ts'
import { folderNameOf } from './certificate-names.ts'
import type { GivenRequest } from './given-request.ts'
import { closeJournal, journalLock } from './journal.ts'
import { obtain } from './obtain.ts'
import type { Obtained, Ordering } from './ordering.ts'
import { openTransport } from './transport.ts'

export interface IssueOptions extends Omit<Ordering, 'givenRequest'> {
  /** The folder under which `live/<name>` is installed. */
  readonly certificateFolder: string
}

const defaultTimeoutMs = 180_000

/**
 * Gets a certificate for the names and installs it. After a crash or an interruption the next call goes on where this one
 * stopped. Throws the ACME_EDGE_ACME_… and ACME_EDGE_STORE_… errors; account and keys survive every one of them.
 */
export async function issueCertificate(options: IssueOptions): Promise<StoredCertificate> {
  return issue(options, install)
}

export interface RequestOptions extends Ordering {
  readonly givenRequest: GivenRequest
  /** Gets the chain (PEM, leaf first) and keeps it; until it has, the next call delivers the same chain again. */
  readonly deliver: (fullChainPem: string) => Promise<void>
}

/** The same for a key that somebody else keeps; nothing is installed. */
export async function issueForRequest(options: RequestOptions): Promise<void> {
  return issue(options, async ({ store }, obtained) => {
    await options.deliver(obtained.fullChainPem)
    await closeJournal(store, obtained)
  })
}

/** Nobody else orders for these names, and what is changed is refused once somebody does. */
type Locked<O> = O & { readonly lock: StoreLock }

async function issue<O extends Ordering, T>(
  options: O,
  keep: (options: Locked<O>, obtained: Obtained, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { store, names, acme } = options
  let signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs)])
  const transport = await openTransport({ rootCa: acme.rootCa })
  try {
    const lock = await store.lock(journalLock(names), signal)
    try {
      // Who was paused for so long that another replica goes on with the order changes nothing any more.
      signal = AbortSignal.any([signal, lock.signal])
      const alone = { ...options, store: underLock(store, lock), lock }
      return await keep(alone, await obtain({ ...alone, transport }, signal), signal)
    } finally {
      await lock.release()
    }
  } catch (error) {
    throw signal.aborted && !(error instanceof EdgeError) ? abortError(signal) : error
  } finally {
    await transport.close()
  }
}

async function install(
  options: Locked<IssueOptions>,
  obtained: Obtained,
  signal: AbortSignal,
): Promise<StoredCertificate> {
  const { certificateFolder, store, lock, names, publisher, onProgress } = options
  const { fullChainPem, privateKeyPem, directory } = obtained
  const name = folderNameOf(names)
  const set = { name, fullChainPem, privateKeyPem, directory }
  const certificate = await installCertificate(certificateFolder, set, lock)
  await publisher.installed(name, signal)
  await closeJournal(store, obtained)
  onProgress?.({ kind: 'installed', name, notAfterMs: certificate.notAfterMs })
  return certificate
}
