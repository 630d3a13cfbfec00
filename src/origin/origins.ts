import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import type { Clearance, ClearedRequest } from '../clearance.ts'
import type { LimitsConfig, OriginConfig, SiteConfig } from '../config/config.ts'
import { EdgeError } from '../errors.ts'
import type { EdgeResponse } from '../http.ts'
import { OriginCall } from './origin-call.ts'
import { isStaleConnection, isUnreachable } from './origin-error.ts'
import { originHeaders } from './origin-headers.ts'
import { expectedAccept } from './websocket-accept.ts'

/** RFC 9110 §9.2.2: may be repeated when the connection died under it. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** The origins of one site: takes turns, and goes on to the next when one does not accept connections. */
export interface SiteOrigins {
  forward(clearance: Clearance): ForwardedRequest
  close(): Promise<void>
}

export interface ForwardedRequest {
  readonly response: Promise<EdgeResponse>
  /** The client went away: the origin need not go on. */
  abort(error: Error): void
  /** `host:port` of the origin that is being asked. */
  readonly origin: string
}

interface Origin {
  readonly label: string
  readonly host: string
  /** Opened when it is first asked for: of ten thousand sites most have no traffic in the life of a worker. */
  readonly pool: Pool
  active: number
  close(): Promise<void>
}

/** Throws EdgeError ACME_EDGE_CONFIG_UNREADABLE when `origin_ca` cannot be read: a missing CA file is never "no check". */
export function openSiteOrigins(site: SiteConfig, limits: LimitsConfig): SiteOrigins {
  const ca = site.originCa === undefined ? undefined : readCa(site.originCa)
  const origins = site.origins.map((origin) => openOrigin(origin, { limits, ca }))
  let turn = 0
  return {
    forward(clearance) {
      turn = (turn + 1) % origins.length
      return new Attempts(
        clearance.spend(),
        [...origins.slice(turn), ...origins.slice(0, turn)],
        limits.originConnections,
      )
    },
    async close() {
      await Promise.all(origins.map((origin) => origin.close()))
    },
  }
}

/** One request and the origins that may still be tried for it. */
class Attempts implements ForwardedRequest {
  readonly response: Promise<EdgeResponse>
  readonly #cleared: ClearedRequest
  readonly #candidates: Origin[]
  readonly #connections: number
  #call: OriginCall | undefined
  #current: Origin | undefined
  #aborted: Error | undefined

  constructor(cleared: ClearedRequest, candidates: Origin[], connections: number) {
    this.#cleared = cleared
    this.#candidates = candidates
    this.#connections = connections
    this.response = this.#tryNext()
  }

  get origin(): string {
    return this.#current?.label ?? ''
  }

  abort(error: Error): void {
    this.#aborted = error
    this.#call?.abort(error)
  }

  #tryNext(): Promise<EdgeResponse> {
    const origin = this.#candidates.shift()
    if (origin === undefined) throw new EdgeError('ACME_EDGE_INTERNAL', 'a site without origins')
    if (origin.active >= this.#connections) {
      if (this.#candidates.length > 0) return this.#tryNext()
      return Promise.reject(new EdgeError('ACME_EDGE_ORIGIN_BUSY', 'all of limits.origin_connections are in use'))
    }
    this.#current = origin
    return this.#dispatch(origin, true)
  }

  #dispatch(origin: Origin, mayRepeat: boolean): Promise<EdgeResponse> {
    origin.active++
    const call = new OriginCall(() => origin.active--, expectedAccept(this.#cleared.request))
    this.#call = call
    origin.pool.dispatch(dispatchOptions(this.#cleared, origin), call)
    return call.response.catch((error: Error) => this.#recover(error, origin, mayRepeat))
  }

  #recover(error: Error, origin: Origin, mayRepeat: boolean): Promise<EdgeResponse> {
    const cause = error.cause instanceof Error ? error.cause : error
    const { request, body } = this.#cleared
    if (this.#aborted !== undefined || this.#call?.hasResponse || body.kind === 'stream') return Promise.reject(error)
    if (isUnreachable(cause) && this.#candidates.length > 0) return this.#tryNext()
    if (mayRepeat && isStaleConnection(cause) && idempotent.has(request.method)) return this.#dispatch(origin, false)
    return Promise.reject(error)
  }
}

function dispatchOptions({ request, body }: ClearedRequest, origin: Origin): Dispatcher.DispatchOptions {
  const options = {
    path: request.target,
    method: request.method as Dispatcher.HttpMethod, // any token that passed the parser; undici's type lists the usual ones
    headers: originHeaders(request, body),
    body: body.kind === 'none' ? null : body.kind === 'bytes' ? body.bytes : body.stream,
    // Fixed for the origin: undici would take the client's Host for the TLS name, and reconnect whenever it changes.
    servername: origin.host,
    upgrade: request.upgrade ?? null,
  }
  return options
}

function openOrigin(origin: OriginConfig, options: PoolOptions): Origin {
  const host = origin.host.includes(':') ? `[${origin.host}]` : origin.host
  const label = `${host}:${origin.port}`
  let opened: Pool | undefined
  let isClosed = false
  return {
    label,
    host: origin.host,
    active: 0,
    get pool() {
      if (opened !== undefined) return opened
      opened = openPool(`${origin.secure ? 'https' : 'http'}://${label}`, origin.host, options)
      if (isClosed) void opened.close() // it refuses, as one does that was open before
      return opened
    },
    async close() {
      isClosed = true
      await opened?.close()
    },
  }
}

interface PoolOptions {
  readonly limits: LimitsConfig
  readonly ca: Buffer | undefined
}

function openPool(url: string, host: string, { limits, ca }: PoolOptions): Pool {
  const connect = buildConnector({ timeout: limits.originConnectTimeoutMs, ...(ca === undefined ? {} : { ca }) })
  return new Pool(url, {
    connections: limits.originConnections,
    pipelining: 1,
    headersTimeout: limits.originResponseTimeoutMs,
    bodyTimeout: limits.originBodyIdleTimeoutMs,
    allowH2: false,
    // An address is no SNI name (RFC 6066 §3); the certificate is then checked against the address itself.
    connect: (options, callback) => connect(isIP(host) ? { ...options, servername: '' } : options, callback),
  })
}

function readCa(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new EdgeError('ACME_EDGE_CONFIG_UNREADABLE', `origin_ca ${path} cannot be read: check path and permissions`, {
      cause,
    })
  }
}
