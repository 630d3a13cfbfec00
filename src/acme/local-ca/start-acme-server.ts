import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { isIPv6 } from 'node:net'
import { EdgeError } from '../../errors.ts'
import { field, type Logger } from '../../log.ts'
import type { Store } from '../../store/contract.ts'
import { answer } from './answer.ts'
import type { Authority } from './authority.ts'
import { resumeValidations } from './authorizations.ts'
import { createStateKeeper, forgetfulKeeper, loadState } from './keep-state.ts'
import { issueOwnCertificate, type OwnCertificate } from './own-certificate.ts'
import { profilesFor } from './profiles.ts'
import { createRateLimits, noRateLimits, type RateLimitOptions } from './rate-limits.ts'
import type { Ca, Reply } from './resource.ts'
import { createState, memoryLimits, storedLimits } from './state.ts'
import { createUrls, type Urls } from './urls.ts'
import { createValidationNetwork, loopbackNetwork, type ValidationRules } from './validation-network.ts'

export interface AcmeServerOptions {
  readonly authority: Authority
  readonly log: Logger
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly clock?: () => number
  /** Port where HTTP-01 validation finds the edge, instead of 80. */
  readonly validationPort: number
  /** Which machine validation finds; default: 127.0.0.1, whatever the name, and no redirects. */
  readonly validation?: Pick<ValidationRules, 'resolve' | 'httpsPort' | 'maxRedirects'>
  /** Default: a free port of 127.0.0.1. */
  readonly listen?: { readonly host: string; readonly port: number }
  /**
   * Names and addresses by which clients reach it: it then speaks HTTPS, with a certificate for them from the authority.
   * Default: plain HTTP at 127.0.0.1, for clients of the same machine; requests are signed.
   */
  readonly hosts?: readonly string[]
  /** Keeps accounts, orders and certificates; default: in memory. One server a store: the caller holds its lock. */
  readonly store?: Store
  /** How often certificates are looked after, the server's own and the authority's; default: a minute. */
  readonly upkeepMs?: number
  /** Default: none. */
  readonly rateLimits?: RateLimitOptions
  /** HMAC keys by kid; given: accounts need external account binding. */
  readonly externalAccounts?: ReadonlyMap<string, Buffer>
}

export interface AcmeServer {
  /** Under the first of `hosts`. */
  readonly directoryUrl: string
  readonly port: number
  /** Requests that are under way have `drainMs` (default 0) to end. Validations are broken off; a store resumes them. */
  close(drainMs?: number): Promise<void>
}

/** Bounds for a client that sends slowly or opens many connections. */
const limits = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 8_192,
  connectionsCheckingInterval: 1_000,
}
const handshakeTimeout = 5_000
const maxConnections = 256
const defaultUpkeepMs = 60_000

/** Starts an ACME server (RFC 8555) for the local CA. Throws ACME_EDGE_LISTEN_FAILED, ACME_EDGE_LOCALCA_CORRUPT, …_EXPIRED. */
export async function startAcmeServer(options: AcmeServerOptions): Promise<AcmeServer> {
  const { authority, log, hosts, listen = { host: '127.0.0.1', port: 0 } } = options
  const own = hosts && (await issueOwnCertificate(authority, hosts))
  const server = own ? createHttpsServer({ ...limits, handshakeTimeout, ...own }) : createHttpServer(limits)
  server.maxConnections = maxConnections
  const closing = new AbortController()
  const ca = await createCa(options, closing.signal)
  const port = await bind(server, listen)
  const urls = urlsByHost(own ? 'https' : 'http', hosts ?? ['127.0.0.1'], port)
  const [main] = urls.values()
  if (!main) throw new TypeError('a server has a name')
  server.on('request', (request, response) => {
    // One that names another host gets an address under ours, and is refused for it.
    handle(request, response, { ...ca, urls: urls.get(request.headers.host ?? '') ?? main })
  })
  const upkeep = setInterval(keepUp({ server, own, ca, hosts }), options.upkeepMs ?? defaultUpkeepMs).unref()
  resumeValidations({ ...ca, urls: main })
  return {
    directoryUrl: main.directory,
    port,
    async close(drainMs = 0) {
      clearInterval(upkeep)
      await close(server, closing, drainMs)
      await ca.keeper.settled()
      log.debug({}, 'local ACME server: closed')
    },
  }
}

async function createCa(options: AcmeServerOptions, closing: AbortSignal): Promise<Omit<Ca, 'urls'>> {
  const { authority, log, clock = Date.now, store, rateLimits, externalAccounts, validation } = options
  const state = createState(store ? storedLimits : memoryLimits)
  if (store) await loadState(state, store, clock())
  const rules = { httpPort: options.validationPort, constraints: authority.constraints }
  return {
    ...{ state, authority, clock, closing, externalAccounts },
    keeper: store ? createStateKeeper(store) : forgetfulKeeper,
    profiles: profilesFor(authority.leafLifeMs),
    network: validation
      ? createValidationNetwork({ ...rules, ...validation })
      : loopbackNetwork(options.validationPort, authority.constraints),
    rateLimits: rateLimits ? createRateLimits(rateLimits) : noRateLimits,
    onFault: (error) => log.error({ [field.error]: error }, 'local ACME server: request failed'),
  }
}

/** What a client may write as Host, and the addresses that it then gets. */
function urlsByHost(scheme: 'http' | 'https', hosts: readonly string[], port: number): ReadonlyMap<string, Urls> {
  const bases = hosts.map((host) => `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`)
  return new Map(
    bases.flatMap((base) => {
      const urls = createUrls(base, bases)
      return [[base.slice(scheme.length + 3), urls] as const, [new URL(base).host, urls] as const] // without the scheme's own port
    }),
  )
}

function handle(request: IncomingMessage, response: ServerResponse, ca: Ca): void {
  answer(request, ca).then(
    (reply) => send(request, response, { reply, ca }),
    (error) => {
      ca.onFault(error)
      response.destroy()
    },
  )
}

function send(request: IncomingMessage, response: ServerResponse, { reply, ca }: { reply: Reply; ca: Ca }): void {
  const body = typeof reply.body === 'object' ? JSON.stringify(reply.body) : (reply.body ?? '')
  const type = typeof reply.body === 'string' ? 'application/pem-certificate-chain' : 'application/json'
  response.writeHead(reply.status, {
    ...(body !== '' && { 'content-type': type }),
    ...(reply.status !== 204 && { 'content-length': String(Buffer.byteLength(body)) }),
    'cache-control': 'no-store',
    'replay-nonce': ca.state.nonces.issue(),
    // What is left of a refused body is not read; a server that closes keeps no connection.
    ...((!request.complete || ca.closing.aborted) && { connection: 'close' }),
    ...reply.headers,
    link: [`<${ca.urls.directory}>;rel="index"`, ...(reply.headers?.link ? [reply.headers.link] : [])],
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

interface Upkeep {
  readonly server: Server | HttpsServer
  readonly own: OwnCertificate | undefined
  readonly ca: Omit<Ca, 'urls'>
  readonly hosts: readonly string[] | undefined
}

/** Renews the server's own certificate, and has the authority look after its own. */
function keepUp({ server, own, ca, hosts }: Upkeep): () => void {
  let renewAtMs = own?.renewAtMs ?? Number.POSITIVE_INFINITY
  const work = async () => {
    await ca.authority.maintain()
    if (!hosts || ca.clock() < renewAtMs || !('setSecureContext' in server)) return
    const renewed = await issueOwnCertificate(ca.authority, hosts)
    server.setSecureContext({ key: renewed.key, cert: renewed.cert })
    renewAtMs = renewed.renewAtMs
  }
  return () => void work().catch(ca.onFault)
}

async function bind(server: Server | HttpsServer, { host, port }: { host: string; port: number }): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(port, host, resolve)
  await promise.catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'EADDRINUSE' ? 'the port is in use' : cause.message
    throw new EdgeError('ACME_EDGE_LISTEN_FAILED', `${host}:${port}: ${why}`, { cause })
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}

async function close(server: Server | HttpsServer, closing: AbortController, drainMs: number): Promise<void> {
  closing.abort()
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve()) // idle connections end at once
  const drained = setTimeout(() => server.closeAllConnections(), drainMs)
  await promise
  clearTimeout(drained)
}
