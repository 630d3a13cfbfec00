import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { Dispatcher } from 'undici'
import buildConnector from 'undici/lib/core/connect.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import type { Clearance, ClearedRequest } from '../clearance.ts'
import type { LimitsConfig, OriginConfig, SiteConfig } from '../config/config.ts'
import { EdgeError } from '../errors.ts'
import type { EdgeResponse } from '../http.ts'
import { type CallOutcomes, OriginCall } from './origin-call.ts'
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

interface OriginTurn {
  readonly all: readonly Origin[]
  /** The index of the one to begin with. */
  readonly from: number
  /** How many each may have at a time. */
  readonly connections: number
}

/** Throws EdgeError ACME_EDGE_CONFIG_UNREADABLE when `origin_ca` cannot be read: a missing CA file is never "no check". */
export function openSiteOrigins(site: SiteConfig, limits: LimitsConfig): SiteOrigins {
  const ca = site.originCa === undefined ? undefined : readCa(site.originCa)
  const origins = site.origins.map((origin) => openOrigin(origin, { limits, ca }))
  let turn = 0
  return {
    forward(clearance) {
      turn = (turn + 1) % origins.length
      return new Attempts(clearance.spend(), { all: origins, from: turn, connections: limits.originConnections })
    },
    async close() {
      await Promise.all(origins.map((origin) => origin.close()))
    },
  }
}

/** One request and the origins that may still be tried for it. */
class Attempts implements ForwardedRequest, CallOutcomes {
  readonly response: Promise<EdgeResponse>
  readonly #answer = Promise.withResolvers<EdgeResponse>()
  readonly #cleared: ClearedRequest
  readonly #origins: OriginTurn
  #tried = 0
  #call: OriginCall | undefined
  #current: Origin | undefined
  #hasRepeated = false
  #aborted: Error | undefined

  constructor(cleared: ClearedRequest, origins: OriginTurn) {
    this.#cleared = cleared
    this.#origins = origins
    this.response = this.#answer.promise
    this.#tryNext()
  }

  get origin(): string {
    return this.#current?.label ?? ''
  }

  abort(error: Error): void {
    this.#aborted = error
    this.#call?.abort(error)
  }

  responded(response: EdgeResponse): void {
    this.#answer.resolve(response)
  }

  failed(error: Error): void {
    queueMicrotask(() => this.#recover(error)) // undici is still busy with what failed
  }

  settled(): void {
    if (this.#current !== undefined) this.#current.active--
  }

  #tryNext(): void {
    const { all, from, connections } = this.#origins
    for (; this.#tried < all.length; this.#tried++) {
      const origin = all[(from + this.#tried) % all.length] as Origin // the index is below the length
      if (origin.active >= connections) continue
      this.#tried++
      this.#current = origin
      this.#hasRepeated = false
      return this.#dispatch(origin)
    }
    this.#answer.reject(new EdgeError('ACME_EDGE_ORIGIN_BUSY', 'all of limits.origin_connections are in use'))
  }

  #dispatch(origin: Origin): void {
    origin.active++
    this.#call = new OriginCall(this, expectedAccept(this.#cleared.request))
    origin.pool.dispatch(dispatchOptions(this.#cleared, origin), this.#call)
  }

  #recover(error: Error): void {
    const cause = error.cause instanceof Error ? error.cause : error
    const { request, body } = this.#cleared
    if (this.#aborted !== undefined || this.#current === undefined || body.kind === 'stream')
      return this.#answer.reject(error)
    if (isUnreachable(cause) && this.#tried < this.#origins.all.length) return this.#tryNext()
    if (this.#hasRepeated || !isStaleConnection(cause) || !idempotent.has(request.method))
      return this.#answer.reject(error)
    this.#hasRepeated = true
    this.#dispatch(this.#current)
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
