import { isIP } from 'node:net'
import { EdgeError } from '../errors.ts'
import type { AcmeAccount } from './account.ts'
import type { CertificateWish } from './certificate-wish.ts'
import type { Directory } from './client.ts'
import { canonicalName, identifierOf } from './identifier.ts'
import { isObject, parseObject, parseText, parseUrl } from './json.ts'
import { findProblem, parseProblem, problemError } from './problem.ts'
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
  /** What is ordered, spelt as our names are. */
  readonly names: readonly string[]
  readonly profile: string | undefined
  readonly response: AcmeResponse
}

/**
 * Orders a certificate. Never repeated: a repeated newOrder is a second order, and orders are what CAs count. An order that is
 * refused for what it replaces is sent again without (RFC 9773 §5): the certificate matters more than the hint.
 */
export async function createOrder(account: AcmeAccount, wish: CertificateWish, signal: AbortSignal): Promise<Order> {
  const { directory } = account
  const profile = checkProfile(wish.profile, directory)
  const identifiers = wish.names.map(identifierOf)
  const order = async (replaces: string | undefined) => {
    const payload = { identifiers, ...(profile && { profile }), ...(replaces && { replaces }) }
    const response = await account.post({ url: directory.newOrder, payload, doing: 'the order' }, signal)
    return parseOrder(response, parseUrl(response.headers, 'location', 'an order'))
  }
  const replaces = directory.renewalInfo === undefined ? undefined : wish.replaces
  try {
    return await order(replaces)
  } catch (error) {
    if (replaces === undefined || !isAboutReplacing(error)) throw withAdviceOnAddresses(error, wish, directory)
    return order(undefined)
  }
}

const addressProfile = 'shortlived'

/** Let's Encrypt gives certificates for addresses in one profile alone, and its refusal does not say in which. */
function withAdviceOnAddresses(error: unknown, { names, profile }: CertificateWish, directory: Directory): unknown {
  const type = findProblem(error)?.type ?? ''
  const isRefused = ['rejectedIdentifier', 'unsupportedIdentifier', 'malformed'].includes(type)
  const isMeant = isRefused && names.some((name) => isIP(name) !== 0) && profile !== addressProfile
  if (!(error instanceof EdgeError) || !isMeant || !directory.profiles?.includes(addressProfile)) return error
  const message = `${error.message}; for addresses this CA may want the profile ${addressProfile} (--profile, acme.profile)`
  return new EdgeError(error.code, message, { cause: error, details: error.details })
}

function checkProfile(profile: string | undefined, { profiles }: Directory): string | undefined {
  if (profile === undefined || profiles?.includes(profile)) return profile
  const offered = profiles === undefined ? 'it knows no profiles' : `it offers ${profiles.join(', ').slice(0, 300)}`
  throw new EdgeError('ACME_EDGE_ACME_PROFILE_UNKNOWN', `the CA has no profile "${profile}": ${offered}`)
}

/** 409 and alreadyReplaced as RFC 9773 §7.4 has it; CAs that do not know the predecessor call it malformed. */
function isAboutReplacing(error: unknown): boolean {
  const problem = findProblem(error)
  if (problem === undefined) return false
  return problem.status === 409 || ['alreadyReplaced', 'malformed'].includes(problem.type)
}

export async function readOrder(account: AcmeAccount, url: string, signal: AbortSignal): Promise<Order> {
  return parseOrder(await retrySafely(signal, () => account.post({ url, doing: 'to show the order' }, signal)), url)
}

/** Hands in the signing request and waits until the certificate is there; answers with the order that names it. */
export async function finalizeOrder(
  account: AcmeAccount,
  options: { readonly order: Order; readonly csr: () => Promise<string> },
  signal: AbortSignal,
): Promise<Order> {
  const { url } = options.order
  const read = () => readOrder(account, url, signal)
  // All authorizations are valid; the order follows a moment later (RFC 8555 §7.1.6).
  const ready = await pollUntil({ read, isDone: (order) => order.status !== 'pending', isJustAsked: false }, signal)
  const isJustAsked = ready.status === 'ready'
  if (isJustAsked) {
    const payload = { csr: await options.csr() }
    const send = () => account.post({ url: ready.finalize, payload, doing: 'to finalize the order' }, signal)
    await sendOnce({ send, isPending: async () => (await read()).status === 'ready' }, signal)
  }
  const isDone = (order: Order) => !['ready', 'processing'].includes(order.status)
  const done = await pollUntil({ read, isDone, isJustAsked }, signal)
  if (done.status === 'valid') return done
  throw invalidOrder(done)
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
    names: parseIdentifiers(object.identifiers),
    profile: typeof object.profile === 'string' ? object.profile : undefined,
    response,
  }
}

function parseIdentifiers(value: unknown): string[] {
  const identifiers = Array.isArray(value) ? value.filter(isObject) : []
  return identifiers.flatMap((one) => (typeof one.value === 'string' ? [canonicalName(one.value)] : []))
}

function parseTime(value: unknown): number | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
