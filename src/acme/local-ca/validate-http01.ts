import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, isIPv6 } from 'node:net'
import { identifierOf } from '../identifier.ts'
import { parseAddress } from './ip-range.ts'
import { isHostName } from './local-name.ts'
import { isPermitted } from './name-constraints.ts'
import { type Identifier, Problem } from './problem.ts'
import { isValidationAddress } from './validation-address.ts'
import type { ValidationRules } from './validation-network.ts'

export interface Http01Check {
  /** A host name or an address. */
  readonly host: string
  readonly token: string
  readonly keyAuthorization: string
  readonly signal: AbortSignal
}

/** For all of it: names, redirects and a slow body. */
const timeoutMs = 10_000
/** For one address to answer, so that another one of the host still has its turn. */
const addressTimeoutMs = 4_000
const maxAddresses = 4
/** A key authorization is under 200 bytes; the bound keeps a hostile server from feeding the validator forever. */
const maxBodyBytes = 1_024

/**
 * Fetches the challenge's resource over plain HTTP and compares it (RFC 8555 §8.3); throws `connection`, `dns` or
 * `incorrectResponse`. The CA can be made to send one request, GET for this very path without credentials, to a port that
 * its operator chose, of a host that it may vouch for; nothing of the response is quoted back.
 */
export async function validateHttp01(check: Http01Check, rules: ValidationRules): Promise<void> {
  const identifier = identifierOf(check.host)
  const signal = AbortSignal.any([check.signal, AbortSignal.timeout(timeoutMs)])
  const path = `/.well-known/acme-challenge/${check.token}`
  let target: Target = { scheme: 'http', host: check.host, port: rules.httpPort, path }
  for (let followed = 0; ; followed++) {
    const response = await fetchFrom(target, { identifier, rules, signal })
    if (response.location !== undefined && followed < rules.maxRedirects) {
      target = parseRedirect(response.location, target, { identifier, rules })
      continue
    }
    return judge(response, { url: urlOf(target), identifier, expected: check.keyAuthorization })
  }
}

interface Target {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
  readonly path: string
}

interface Fetched {
  readonly status: number
  /** Of a redirect. */
  readonly location: string | undefined
  readonly body: string
}

interface Context {
  readonly identifier: Identifier
  readonly rules: ValidationRules
}

function judge(
  { status, body }: Fetched,
  { url, identifier, expected }: { readonly url: string; readonly identifier: Identifier; readonly expected: string },
): void {
  if (status !== 200) throw new Problem('incorrectResponse', `${url}: status ${status}, expected 200`, { identifier })
  // Whitespace at the end is ignored, as the RFC asks.
  if (body.trimEnd() === expected) return
  throw new Problem('incorrectResponse', `${url}: the body is not the key authorization`, { identifier })
}

/** A redirect may change scheme and host, never the path; and it may lead nowhere that an order could not lead to. */
function parseRedirect(location: string, from: Target, { identifier, rules }: Context): Target {
  const refuse = (why: string): Problem => {
    return new Problem('incorrectResponse', `${urlOf(from)}: the redirect ${why}`, { identifier })
  }
  if (!URL.canParse(location, urlOf(from))) throw refuse('is no URL')
  const url = new URL(location, urlOf(from))
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse('is neither http nor https')
  if (url.username !== '' || url.password !== '') throw refuse('carries credentials')
  const isHost = isHostName(host) || parseAddress(host) === host
  if (!isHost || !isPermitted(rules.constraints, host)) throw refuse('leads to a host that this CA may not vouch for')
  const scheme = url.protocol === 'http:' ? 'http' : 'https'
  const port = Number(url.port || (scheme === 'http' ? 80 : 443))
  const allowed = scheme === 'http' ? rules.httpPort : rules.httpsPort
  if (port !== allowed) throw refuse(`leads to port ${port}, which this CA does not ask`)
  if (`${url.pathname}${url.search}` !== from.path) throw refuse('leads to another path')
  return { scheme, host, port, path: from.path }
}

async function fetchFrom(target: Target, { identifier, rules, signal }: Context & { readonly signal: AbortSignal }) {
  const fail = (type: 'connection' | 'dns', why: string): Problem => {
    return new Problem(type, `${urlOf(target)}: ${why}`, { identifier })
  }
  const found = await bounded(rules.resolve(target.host), signal).catch((error: NodeJS.ErrnoException) => {
    throw fail('dns', `the name cannot be resolved (${error.code ?? error.name})`)
  })
  const addresses = found.filter(isValidationAddress).slice(0, maxAddresses)
  if (found.length === 0) throw fail('dns', 'the name has no address')
  let failure = fail('connection', 'the name has no address that this CA connects to')
  for (const address of addresses) {
    try {
      return await fetchOne(target, address, signal)
    } catch (error) {
      const { code, name } = error as NodeJS.ErrnoException // of node:http, or an abort's reason
      failure = fail('connection', `${address}: ${code ?? name}`)
      if (signal.aborted) break
    }
  }
  throw failure
}

/** Connects to the address that was looked at: a second look-up could answer with another one (DNS rebinding). */
function fetchOne({ scheme, host, port, path }: Target, address: string, signal: AbortSignal): Promise<Fetched> {
  const { promise, resolve, reject } = Promise.withResolvers<Fetched>()
  const first = new AbortController()
  const tooSlow = setTimeout(() => first.abort(new DOMException('no answer in time', 'TimeoutError')), addressTimeoutMs)
  const name = isIPv6(host) ? `[${host}]` : host
  const options = {
    ...{ host: address, port, path, agent: false, maxHeaderSize: 16_384 },
    headers: { host: port === (scheme === 'http' ? 80 : 443) ? name : `${name}:${port}`, ...fixedHeaders },
    signal: AbortSignal.any([signal, first.signal]),
  }
  // The certificate at the end of a redirect is what the client wants to get: it cannot be asked for yet.
  const outgoing =
    scheme === 'http'
      ? requestHttp(options)
      : requestHttps({ ...options, rejectUnauthorized: false, ...(isIP(host) === 0 && { servername: host }) })
  outgoing.on('error', reject)
  outgoing.on('response', (response) => {
    clearTimeout(tooSlow)
    const status = response.statusCode ?? 0
    const location = [301, 302, 303, 307, 308].includes(status) ? response.headers.location : undefined
    readBody(response).then((body) => resolve({ status, location, body }), reject)
  })
  outgoing.end()
  return promise.finally(() => clearTimeout(tooSlow))
}

const fixedHeaders = { 'user-agent': 'acme-edge-local-ca', accept: '*/*' }

async function readBody(response: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of response.setEncoding('latin1')) {
    body += chunk
    if (body.length > maxBodyBytes) break // what is cut off cannot match; leaving the loop destroys the socket
  }
  return body
}

function bounded<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort))
}

function urlOf({ scheme, host, port, path }: Target): string {
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}${path}`
}
