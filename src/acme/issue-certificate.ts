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
import {
  closeJournal,
  type Journal,
  type JournalIdentity,
  journalLock,
  newJournal,
  openOrderUrls,
  readJournal,
  writeJournal,
} from './journal.ts'
import { defaultKeyType } from './key-type.ts'
import { findOpenOrder } from './open-orders.ts'
import { createOrder, finalizeOrder, invalidOrder, type Order, readOrder } from './order.ts'
import { noLedger, type OrderLedger } from './order-ledger.ts'
import { findProblem } from './problem.ts'
import type { OnProgress } from './progress.ts'
import { certificateId } from './renewal/certificate-id.ts'
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
  /** Default: orders are not counted. */
  readonly ledger?: OrderLedger
  /** What the CA's limit on new accounts is counted by. Default: Date.now. */
  readonly now?: () => number
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
    const lock = await store.lock(journalLock(names), signal)
    try {
      // Who was paused for so long that another replica goes on with the order changes nothing any more.
      signal = AbortSignal.any([signal, lock.signal])
      const alone = { ...options, store: underLock(store, lock) }
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

function identityOf({ acme, names, profile, givenRequest, keyType = defaultKeyType }: Ordering): JournalIdentity {
  return { directory: acme.directory, names, keyType, profile, request: givenRequest?.digest }
}

type Obtained = Journal & { readonly fullChainPem: string }
type Connected = Ordering & { readonly transport: Transport }
type Working = Ordering & {
  readonly account: AcmeAccount
  readonly ledger: OrderLedger
  readonly onProgress: OnProgress
}

async function obtain(options: Connected, signal: AbortSignal): Promise<Obtained> {
  const kept = await readJournal(options.store, identityOf(options), Date.now())
  if (hasChain(kept) && isWanted(kept, options)) return kept
  const { ledger = noLedger } = options
  // What was ordered is counted already; what was not must not reach the CA before it may be.
  if (kept?.isOrdered !== true || hasChain(kept)) {
    await ledger.begin(signal)
    return orderAnew(options, { kept: hasChain(kept) ? undefined : kept }, signal)
  }
  const working = await openWorking(options, signal)
  const resumed = await resume(working, kept, signal)
  if (resumed !== undefined) return resumed
  await ledger.begin(signal)
  return orderAnew(options, { kept: undefined, working }, signal)
}

async function openWorking(options: Connected, signal: AbortSignal): Promise<Working> {
  const { ledger = noLedger, onProgress = () => undefined } = options
  return { ...options, ledger, onProgress, account: await openAccount({ ...options, onProgress }, signal) }
}

function hasChain(journal: Journal | undefined): journal is Obtained {
  return journal?.fullChainPem !== undefined
}

/** What an earlier run obtained is no use when it is to be replaced already, or when a third of its life is over. */
function isWanted({ fullChainPem }: Obtained, { replaces }: CertificateWish): boolean {
  const { validFromDate, validToDate } = new X509Certificate(fullChainPem)
  const lifeMs = validToDate.getTime() - validFromDate.getTime()
  if (Date.now() - validFromDate.getTime() > lifeMs / 3) return false
  return replaces === undefined || certificateId(fullChainPem) !== replaces
}

/** Goes on with the order of an interrupted run; `undefined` when nothing is left of it to go on with. */
async function resume(options: Working, journal: Journal, signal: AbortSignal): Promise<Obtained | undefined> {
  const { account, ledger, store, onProgress } = options
  let reason: unknown
  try {
    const order = journal.orderUrl
      ? await readOrder(account, journal.orderUrl, signal)
      : await findLost(options, signal)
    if (order !== undefined && order.status !== 'invalid') {
      const known = { ...journal, orderUrl: order.url }
      if (journal.orderUrl === undefined) await writeJournal(store, known)
      onProgress({ kind: 'order', state: 'resumed', url: order.url })
      const obtained = await complete(options, { journal: known, order }, signal)
      return order.status !== 'valid' || isWanted(obtained, options) ? obtained : undefined
    }
  } catch (error) {
    // Gone, of an account that the CA forgot, or failed since: the CA may have looked while nobody answered. What is not
    // the order's fault (429, 503, no connection) is not answered with one more order.
    if (!isFinal(error)) {
      await ledger.interrupted(error)
      throw error
    }
    reason = error
  }
  await ledger.end(reason)
  return undefined
}

/** The order of which the CA's answer never came. */
async function findLost(options: Working, signal: AbortSignal): Promise<Order | undefined> {
  const known = await openOrderUrls(options.store)
  return findOpenOrder(options.account, { wish: options, known }, signal)
}

interface Start {
  /** Of an order that came to nothing before its key reached the CA. */
  readonly kept: Journal | undefined
  readonly working?: Working
}

/**
 * Orders. That it does is noted before the CA hears of it, and the order's address before anything else, so that a crash does not
 * cost a second order.
 */
async function orderAnew(options: Connected, { kept, working }: Start, signal: AbortSignal): Promise<Obtained> {
  const { store, ledger = noLedger } = options
  const blank = kept ?? (await newJournal(identityOf(options), Date.now()))
  const journal = { ...blank, isOrdered: true, orderUrl: undefined }
  let stage: Stage = 'unsent'
  try {
    await writeJournal(store, journal)
    const ready = working ?? (await openWorking(options, signal))
    stage = 'sent'
    const { order, state } = await placeOrder(ready, signal)
    stage = 'placed'
    const placed = { ...journal, orderUrl: order.url }
    await writeJournal(store, placed)
    ready.onProgress({ kind: 'order', state, url: order.url })
    return await complete(ready, { journal: placed, order }, signal)
  } catch (error) {
    if (isOver(error, stage)) {
      await ledger.end(error)
      // The order is lost, the key is not. A store that fails now must not hide what failed before.
      await writeJournal(store, { ...journal, isOrdered: false }).catch(() => undefined)
    } else await ledger.interrupted(error)
    throw error
  }
}

/** An order whose answer was lost is looked for in the account's list, and never repeated blindly. */
async function placeOrder(
  options: Working,
  signal: AbortSignal,
): Promise<{ readonly order: Order; readonly state: 'created' | 'resumed' }> {
  try {
    return { order: await createOrder(options.account, options, signal), state: 'created' }
  } catch (error) {
    if (!isAnswerLost(error)) throw error
    const order = await findLost(options, signal).catch(() => undefined)
    if (order === undefined) throw error
    return { order, state: 'resumed' }
  }
}

type Stage = 'unsent' | 'sent' | 'placed'

/** Whether nothing can come of the order any more. */
function isOver(error: unknown, stage: Stage): boolean {
  if (stage === 'unsent') return true
  if (stage === 'placed') return isFinal(error)
  const isRefused = statusOf(error) >= 400 && statusOf(error) < 500
  return isRefused || (error instanceof EdgeError && notSentCodes.has(error.code))
}

const notSentCodes = new Set(['ACME_EDGE_ACME_PROTOCOL', 'ACME_EDGE_ACME_PROFILE_UNKNOWN'])

/** Whether trying the same order again is pointless. */
function isFinal(error: unknown): boolean {
  const status = statusOf(error)
  const isRefused = status >= 400 && status < 500 && status !== 429
  return isRefused || (error instanceof EdgeError && error.code === 'ACME_EDGE_ACME_PROTOCOL')
}

/** Whether the CA may have done what it was asked for without our knowing. */
function isAnswerLost(error: unknown): boolean {
  return statusOf(error) >= 500 || (error instanceof EdgeError && error.code === 'ACME_EDGE_ACME_UNREACHABLE')
}

function statusOf(error: unknown): number {
  return findProblem(error)?.status ?? 0
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
  const { fullChainPem, privateKeyPem, directory } = obtained
  const name = folderNameOf(names)
  const certificate = await installCertificate(certificateFolder, { name, fullChainPem, privateKeyPem, directory })
  await publisher.installed(name, signal)
  await closeJournal(store, obtained)
  onProgress?.({ kind: 'installed', name, notAfterMs: certificate.notAfterMs })
  return certificate
}
