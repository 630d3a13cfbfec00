import { EdgeError } from '../errors.ts'
import type { HostName } from '../http.ts'
import type { AcmeAccount } from './account.ts'
import { createRequest } from './client.ts'
import { isObject, parseObject, parseText, parseUrl } from './json.ts'
import { parseProblem, problemError } from './problem.ts'
import { pollUntil, retrySafely, sendOnce } from './retry.ts'
import type { AcmeResponse } from './transport.ts'

/** An order as the CA describes it (RFC 8555 §7.1.3). */
export interface Order {
  readonly url: string
  readonly status: string
  readonly authorizations: readonly string[]
  readonly finalize: string
  readonly certificate: string | undefined
  readonly expiresAtMs: number | undefined
  readonly response: AcmeResponse
}

/** Orders a certificate. Never repeated: a repeated newOrder is a second order, and orders are what CAs count. */
export async function createOrder(
  account: AcmeAccount,
  names: readonly HostName[],
  signal: AbortSignal,
): Promise<Order> {
  const payload = { identifiers: names.map((value) => ({ type: 'dns', value })) }
  const response = await account.post({ url: account.newOrderUrl, payload, doing: 'the order' }, signal)
  return parseOrder(response, parseUrl(response.headers, 'location', 'an order'))
}

export async function readOrder(account: AcmeAccount, url: string, signal: AbortSignal): Promise<Order> {
  return parseOrder(await retrySafely(signal, () => account.post({ url, doing: 'to show the order' }, signal)), url)
}

/** Hands in the signing request and waits until the certificate is there; answers with the order that names it. */
export async function finalizeOrder(
  account: AcmeAccount,
  options: { readonly order: Order; readonly names: readonly HostName[]; readonly keyPem: string },
  signal: AbortSignal,
): Promise<Order> {
  const { names, keyPem } = options
  const { url } = options.order
  const read = () => readOrder(account, url, signal)
  // All authorizations are valid; the order follows a moment later (RFC 8555 §7.1.6).
  const ready = await pollUntil({ read, isDone: (order) => order.status !== 'pending' }, signal)
  if (ready.status === 'ready') {
    const payload = { csr: await createRequest(names, keyPem) }
    const send = () => account.post({ url: ready.finalize, payload, doing: 'to finalize the order' }, signal)
    await sendOnce({ send, isPending: async () => (await read()).status === 'ready' }, signal)
  }
  const done = await pollUntil({ read, isDone: (order) => !['ready', 'processing'].includes(order.status) }, signal)
  if (done.status === 'valid') return done
  throw invalidOrder(done)
}

/** The chain of a valid order, PEM, leaf first (RFC 8555 §7.4.2). */
export async function downloadChain(account: AcmeAccount, order: Order, signal: AbortSignal): Promise<string> {
  const url = order.certificate
  if (url === undefined) throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', 'the CA sent a valid order without certificate')
  const response = await retrySafely(signal, () => account.post({ url, doing: 'the certificate' }, signal))
  if (typeof response.data === 'string' && response.data.includes('-----BEGIN CERTIFICATE-----')) return response.data
  throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', 'the CA sent something that is no PEM certificate chain')
}

/** Why an order came to nothing. */
export function invalidOrder(order: Order): EdgeError {
  const data = parseObject(order.response.data, 'order')
  const problem = isObject(data.error) ? data.error : { detail: `the order is ${order.status}` }
  return problemError(parseProblem(problem, 400), { doing: 'the order' })
}

function parseOrder(response: AcmeResponse, url: string): Order {
  const object = parseObject(response.data, 'order')
  const authorizations = Array.isArray(object.authorizations) ? object.authorizations : []
  if (authorizations.length === 0 || !authorizations.every((item) => typeof item === 'string' && URL.canParse(item))) {
    throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', 'the CA sent an order without authorizations')
  }
  return {
    url,
    status: parseText(object, 'status', 'an order'),
    authorizations: authorizations.map(String),
    finalize: parseUrl(object, 'finalize', 'an order'),
    certificate: object.certificate === undefined ? undefined : parseUrl(object, 'certificate', 'an order'),
    expiresAtMs: parseTime(object.expires),
    response,
  }
}

function parseTime(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
