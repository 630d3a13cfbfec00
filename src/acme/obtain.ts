import { X509Certificate } from 'node:crypto'
import { openAccount } from './account.ts'
import type { CertificateWish } from './certificate-wish.ts'
import { completeOrder } from './complete-order.ts'
import { type Journal, type JournalIdentity, newJournal, openOrderUrls, readJournal, writeJournal } from './journal.ts'
import { defaultKeyType } from './key-type.ts'
import { findOpenOrder } from './open-orders.ts'
import { createOrder, type Order, readOrder } from './order.ts'
import { isAnswerLost, isFinal, isOver, type OrderStage } from './order-fate.ts'
import { noLedger } from './order-ledger.ts'
import type { ConnectedOrdering, Obtained, Ordering, WorkingOrdering } from './ordering.ts'
import { certificateId } from './renewal/certificate-id.ts'

/**
 * Key and chain of what is wanted: those that an earlier run has left, or what comes of the order that it has left, or of a new one.
 * Call it under journalLock().
 */
export async function obtain(options: ConnectedOrdering, signal: AbortSignal): Promise<Obtained> {
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

async function openWorking(options: ConnectedOrdering, signal: AbortSignal): Promise<WorkingOrdering> {
  const { ledger = noLedger, onProgress = () => undefined } = options
  return { ...options, ledger, onProgress, account: await openAccount({ ...options, onProgress }, signal) }
}

function hasChain(journal: Journal | undefined): journal is Obtained {
  return journal?.fullChainPem !== undefined
}

function identityOf({ acme, names, profile, givenRequest, keyType = defaultKeyType }: Ordering): JournalIdentity {
  return { directory: acme.directory, names, keyType, profile, request: givenRequest?.digest }
}

/** What an earlier run obtained is no use when it is to be replaced already, or when a third of its life is over. */
function isWanted({ fullChainPem }: Obtained, { replaces }: CertificateWish): boolean {
  const { validFromDate, validToDate } = new X509Certificate(fullChainPem)
  const lifeMs = validToDate.getTime() - validFromDate.getTime()
  if (Date.now() - validFromDate.getTime() > lifeMs / 3) return false
  return replaces === undefined || certificateId(fullChainPem) !== replaces
}

/** Goes on with the order of an interrupted run; `undefined` when nothing is left of it to go on with. */
async function resume(options: WorkingOrdering, journal: Journal, signal: AbortSignal): Promise<Obtained | undefined> {
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
      const obtained = await completeOrder(options, { journal: known, order }, signal)
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
async function findLost(options: WorkingOrdering, signal: AbortSignal): Promise<Order | undefined> {
  const known = await openOrderUrls(options.store)
  return findOpenOrder(options.account, { wish: options, known }, signal)
}

interface Start {
  /** Of an order that came to nothing before its key reached the CA. */
  readonly kept: Journal | undefined
  readonly working?: WorkingOrdering
}

/**
 * Orders. That it does is noted before the CA hears of it, and the order's address before anything else, so that a crash does not
 * cost a second order.
 */
async function orderAnew(options: ConnectedOrdering, { kept, working }: Start, signal: AbortSignal): Promise<Obtained> {
  const { store, ledger = noLedger } = options
  const blank = kept ?? (await newJournal(identityOf(options), Date.now()))
  const journal = { ...blank, isOrdered: true, orderUrl: undefined }
  let stage: OrderStage = 'unsent'
  try {
    await writeJournal(store, journal)
    const ready = working ?? (await openWorking(options, signal))
    stage = 'sent'
    const { order, state } = await placeOrder(ready, signal)
    stage = 'placed'
    const placed = { ...journal, orderUrl: order.url }
    await writeJournal(store, placed)
    ready.onProgress({ kind: 'order', state, url: order.url })
    return await completeOrder(ready, { journal: placed, order }, signal)
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
  options: WorkingOrdering,
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
