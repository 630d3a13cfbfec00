import type { AcmeAccount } from './account.ts'
import type { CertificateWish } from './certificate-wish.ts'
import { isObject } from './json.ts'
import { linksOf } from './link-header.ts'
import { type Order, readOrder } from './order.ts'
import { findProblem } from './problem.ts'
import { retrySafely } from './retry.ts'

/** An account may have any number of orders, and a page may hold few. */
const MOST_PAGES = 100
/** Looked at from each end of the list: what is wanted was placed a moment ago. */
const MOST_ORDERS = 20

/**
 * An order of the account for exactly these names that waits to be gone on with: what is left of a newOrder whose answer was lost.
 * `undefined` where there is none, or where the CA keeps no list (RFC 8555 §7.1.2.1; Let's Encrypt does not).
 *
 * @param known addresses of orders that somebody is at work on
 */
export async function findOpenOrder(
  account: AcmeAccount,
  { wish, known }: { readonly wish: CertificateWish; readonly known: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<Order | undefined> {
  const urls = (await listOrders(account, signal)).filter((url) => !known.has(url))
  // The RFC knows no sequence: newest last, as at the CAs that are known to keep lists, or newest first.
  for (const url of new Set([...urls.slice(-MOST_ORDERS).reverse(), ...urls.slice(0, MOST_ORDERS)])) {
    const order = await unlessRefused(readOrder(account, url, signal))
    if (order !== undefined && isMeant(order, wish)) return order
  }
  return undefined
}

async function listOrders(account: AcmeAccount, signal: AbortSignal): Promise<string[]> {
  const read = (url: string, doing: string) =>
    unlessRefused(retrySafely(signal, () => account.post({ url, doing }, signal)))
  const known = await read(account.url(), 'to show the account')
  let next = isObject(known?.data) && URL.canParse(String(known.data.orders)) ? String(known.data.orders) : undefined
  const urls: string[] = []
  for (let page = 0; next !== undefined && page < MOST_PAGES; page += 1) {
    const response = await read(next, 'to list the orders')
    const orders = isObject(response?.data) && Array.isArray(response.data.orders) ? response.data.orders : []
    urls.push(...orders.filter((url) => typeof url === 'string' && URL.canParse(url)))
    next = response && linksOf(response, 'next', next)[0]
  }
  return urls
}

/** One whose CSR was handed in belongs to another key. */
function isMeant({ names, profile, status }: Order, wish: CertificateWish): boolean {
  if (status !== 'pending' && status !== 'ready') return false
  if (wish.profile !== undefined && profile !== wish.profile) return false
  return [...names].sort().join() === [...wish.names].sort().join()
}

/** A CA that refuses to show something has it not; one that is busy or at fault may. */
async function unlessRefused<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    const status = findProblem(error)?.status ?? 0
    if (status >= 400 && status < 500 && status !== 429) return undefined
    throw error
  }
}
