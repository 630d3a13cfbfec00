import { X509Certificate } from 'node:crypto'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { AcmeConfig } from '../config/config.ts'
import { EdgeError } from '../errors.ts'
import type { HostName } from '../http.ts'
import { installCertificate, leafNames, type StoredCertificate, verifyCertificate } from '../store/certificates.ts'
import type { Store } from '../store/contract.ts'
import { underLock } from '../store/under-lock.ts'
import { abortError } from './abort.ts'
import { type AcmeAccount, openAccount } from './account.ts'
import { proveHost } from './authorization.ts'
import { folderNameOf } from './certificate-names.ts'
import type { CertificateWish } from './certificate-wish.ts'
import { downloadChain } from './chain.ts'
import { createRequest } from './client.ts'
import type { GivenRequest } from './given-request.ts'
import { closeJournal, type Journal, type JournalIdentity, openJournal, writeJournal } from './journal.ts'
import { defaultKeyType } from './key-type.ts'
import { createOrder, finalizeOrder, invalidOrder, type Order, readOrder } from './order.ts'
import { findProblem } from './problem.ts'
import type { OnProgress } from './progress.ts'
import { openTransport, type Transport } from './transport.ts'

export interface IssueOptions extends CertificateWish {
  readonly acme: AcmeConfig
  readonly store: Store
  /** The folder under which `live/<name>` is installed. */
  readonly certificateFolder: string
  readonly publisher: ChallengePublisher
  readonly signal: AbortSignal
  /** How long all of it may take. Default: 180 000. */
  readonly timeoutMs?: number
  readonly onProgress?: OnProgress
}

const defaultTimeoutMs = 180_000
/** Where the CA does not say when an order ends: long enough for any validation, short enough to forget. */
const fallbackLifeMs = 3600 * 1000

/**
 * Gets a certificate for the names and installs it. After a crash or an interruption the next call goes on where this one
 * stopped. Throws the ACME_EDGE_ACME_… and ACME_EDGE_STORE_… errors; account and keys survive every one of them.
 */
export async function issueCertificate(options: IssueOptions): Promise<StoredCertificate> {
  return issue(options, install)
}

export interface RequestOptions extends Omit<IssueOptions, 'certificateFolder'> {
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

type Ordering = Omit<IssueOptions, 'certificateFolder'> & { readonly givenRequest?: GivenRequest }

async function issue<O extends Ordering, T>(
  options: O,
  keep: (options: O, obtained: Obtained, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { store, names, acme } = options
  let signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs)])
  const transport = await openTransport({ rootCa: acme.rootCa })
  try {
    const lock = await store.lock(`orders/${folderNameOf(names)}`, signal)
    try {
      // Who was paused for so long that another replica goes on with the order changes nothing any more.
      signal = AbortSignal.any([signal, lock.signal])
      const alone = { ...options, store: underLock(store, lock) }
      const journal = await openJournal(alone.store, identityOf(options), Date.now())
      return await keep(alone, await obtain({ ...alone, transport }, journal, signal), signal)
    } finally {
      await lock.release()
    }
  } catch (error) {
    throw signal.aborted && !(error instanceof EdgeError) ? abortError(signal) : error
  } finally {
    await transport.close()
  }
}

function identityOf({ acme, names, profile, givenRequest, keyType = defaultKeyType }: Ordering): JournalIdentity {
  return { directory: acme.directory, names, keyType, profile, request: givenRequest?.digest }
}

type Obtained = Journal & { readonly fullChainPem: string }
type Working = Ordering & { readonly account: AcmeAccount; readonly onProgress: OnProgress }

async function obtain(
  options: Ordering & { readonly transport: Transport },
  journal: Journal,
  signal: AbortSignal,
): Promise<Obtained> {
  const { fullChainPem } = journal
  if (fullChainPem !== undefined) return { ...journal, fullChainPem }
  const { onProgress = () => undefined } = options
  const account = await openAccount({ ...options, onProgress }, signal)
  const working = { ...options, account, onProgress }
  return (await resume(working, journal, signal)) ?? orderAnew(working, journal, signal)
}

/** Goes on with the order of an interrupted run; `undefined` when nothing is left of it to go on with. */
async function resume(options: Working, journal: Journal, signal: AbortSignal): Promise<Obtained | undefined> {
  const { account, onProgress } = options
  if (journal.orderUrl === undefined) return undefined
  try {
    const order = await readOrder(account, journal.orderUrl, signal)
    if (order.status === 'invalid') return undefined
    onProgress({ kind: 'order', state: 'resumed', url: order.url })
    return await complete(options, { journal, order }, signal)
  } catch (error) {
    // Gone, of an account that the CA forgot, or failed since: the CA may have looked while nobody answered. What is not
    // the order's fault (429, 503, no connection) is not answered with one more order.
    if (isFinal(error)) return undefined
    throw error
  }
}

/** Orders, and notes the order's address before anything else, so that a crash does not cost a second order. */
async function orderAnew(options: Working, journal: Journal, signal: AbortSignal): Promise<Obtained> {
  const { account, store, onProgress } = options
  const order = await createOrder(account, options, signal)
  const begun = { ...journal, orderUrl: order.url }
  await writeJournal(store, begun)
  onProgress({ kind: 'order', state: 'created', url: order.url })
  try {
    return await complete(options, { journal: begun, order }, signal)
  } catch (error) {
    // The order is lost, the key is not. An interruption leaves the order to be resumed.
    if (isFinal(error)) await writeJournal(store, { ...journal, orderUrl: undefined })
    throw error
  }
}

/** Whether trying the same order again is pointless. */
function isFinal(error: unknown): boolean {
  const status = findProblem(error)?.status ?? 0
  const refused = status >= 400 && status < 500 && status !== 429
  return refused || (error instanceof EdgeError && error.code === 'ACME_EDGE_ACME_PROTOCOL')
}

async function complete(
  options: Working,
  { journal, order }: { readonly journal: Journal; readonly order: Order },
  signal: AbortSignal,
): Promise<Obtained> {
  const { account, names, givenRequest, store, onProgress } = options
  if (order.status === 'invalid') throw invalidOrder(order)
  if (order.status === 'pending') await proveAll(options, order, signal)
  const csr = async () => givenRequest?.csr ?? createRequest(names, journal.privateKeyPem)
  const valid = await finalizeOrder(account, { order, csr }, signal)
  onProgress({ kind: 'finalized' })
  const { preferredChain: preferred } = options
  const { pem, isPreferred } = await downloadChain(account, { order: valid, preferred }, signal)
  if (!isPreferred) onProgress({ kind: 'chain', missing: String(preferred) })
  const obtained = { ...journal, fullChainPem: pem }
  verifyNames(names, givenRequest === undefined ? namesOfPair(names, obtained) : namesOfLeaf(pem, givenRequest))
  await writeJournal(store, obtained)
  onProgress({ kind: 'downloaded' })
  return obtained
}

function verifyNames(names: readonly HostName[], found: readonly string[]): void {
  const missing = names.filter((name) => !found.includes(name))
  if (missing.length === 0) return
  throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', `the CA sent a certificate without ${missing.join(', ')}`)
}

/** What is noted as obtained can be installed: a chain that could not would stop every later run. */
function namesOfPair(names: readonly HostName[], { fullChainPem, privateKeyPem }: Obtained): readonly string[] {
  return verifyCertificate({ name: folderNameOf(names), fullChainPem, privateKeyPem }).names
}

function namesOfLeaf(fullChainPem: string, { publicKey }: GivenRequest): readonly string[] {
  const leaf = new X509Certificate(fullChainPem)
  if (leaf.publicKey.export({ type: 'spki', format: 'der' }).equals(publicKey)) return leafNames(leaf)
  throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', 'the CA sent a certificate for another key than that of the request')
}

/** All hosts at once; every challenge is withdrawn before the first failure is reported. */
async function proveAll(options: Working, order: Order, signal: AbortSignal): Promise<void> {
  const expiresAtMs = order.expiresAtMs ?? Date.now() + fallbackLifeMs
  const work = order.authorizations.map((url) => proveHost({ ...options, expiresAtMs }, url, signal))
  const failed = (await Promise.allSettled(work)).filter((result) => result.status === 'rejected')
  if (failed[0]) throw failed[0].reason
}

async function install(options: IssueOptions, obtained: Obtained, signal: AbortSignal): Promise<StoredCertificate> {
  const { certificateFolder, store, names, publisher, onProgress } = options
  const { fullChainPem, privateKeyPem } = obtained
  const name = folderNameOf(names)
  const certificate = await installCertificate(certificateFolder, { name, fullChainPem, privateKeyPem })
  await publisher.installed(name, signal)
  await closeJournal(store, obtained)
  onProgress?.({ kind: 'installed', name, notAfterMs: certificate.notAfterMs })
  return certificate
}
