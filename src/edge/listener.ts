import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import { type Http2SecureServer, Http2ServerRequest, Http2ServerResponse, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type FastifyInstance, fastify } from 'fastify'
import type { ListenAddress } from '../config/config.ts'
import type { EdgeRequest } from '../http.ts'
import { catchAllOptions, type RawHandler, routeEverything } from './catch-all.ts'
import type { CertificateTable } from './certificate-table.ts'
import { statusPage } from './error-response.ts'
import type { CurrentGeneration, Generation } from './generation.ts'
import { Http1Connection } from './http1-connection.ts'
import { http1Exchange, type RoutedMessage, readHttp1Request } from './http1-exchange.ts'
import { http2Exchange, readHttp2Request } from './http2-exchange.ts'
import { listenError } from './listen-error.ts'
import type { NodeExchange } from './node-exchange.ts'
import { handle } from './pipeline.ts'
import { recordRefused } from './refused-request.ts'
import type { Refusal } from './request-head.ts'
import { isWebSocketHandshake } from './tunnel.ts'

export interface Listener {
  readonly address: ListenAddress
  /** Open connections, HTTP/1 and HTTP/2. */
  connections(): number
  /** Stops accepting, closes idle connections, and resolves when the busy ones are done or `timeoutMs` is over. */
  drain(timeoutMs: number): Promise<void>
}

export interface ListenerOptions {
  readonly edge: CurrentGeneration
  /** Several processes share the port (SO_REUSEPORT); without it a port in use is an error. */
  readonly reusePort: boolean
}

export interface SecureListenerOptions extends ListenerOptions {
  readonly certificates: CertificateTable
  /** 48 bytes that all workers share, so that any of them resumes any session. */
  readonly ticketKeys: Buffer | undefined
}

/** The guard bounds the head before the parser sees it (limits.header_size is at most 1 MiB). */
const MAX_PARSER_HEAD_BYTES = 1_114_112
/** A missing Host is refused, and recorded, by the edge itself. */
const http1Options = { requireHostHeader: false, insecureHTTPParser: false } as const

/** Opens a listener for HTTP/1. Throws EdgeError ACME_EDGE_LISTEN_FAILED with the address and what to do. */
export async function openHttpListener(address: ListenAddress, options: ListenerOptions): Promise<Listener> {
  const app = fastify({ ...catchAllOptions, http: http1Options })
  return new NodeListener(app as unknown as FastifyInstance, options).open(address)
}

/** Opens a listener for TLS with HTTP/2 and HTTP/1.1 by ALPN. */
export async function openHttpsListener(address: ListenAddress, options: SecureListenerOptions): Promise<Listener> {
  const { limits } = options.edge()
  const app = fastify({
    ...catchAllOptions,
    http2: true,
    https: {
      allowHTTP1: true,
      SNICallback: options.certificates.sniCallback(),
      minVersion: 'TLSv1.2',
      handshakeTimeout: limits.headerTimeoutMs,
      ...(options.ticketKeys === undefined ? {} : { ticketKeys: options.ticketKeys }),
      maxHeaderListPairs: limits.headerCount + 8,
      maxSessionMemory: 10,
      settings: { maxConcurrentStreams: limits.http2Streams, maxHeaderListSize: limits.headerBytes, enablePush: false },
    },
  })
  return new NodeListener(app as unknown as FastifyInstance, options).open(address)
}

/** Node's servers, HTTP/1 or HTTP/2 with HTTP/1.1 beside it, with every event that could go around the route taken in hand. */
class NodeListener implements Listener {
  address: ListenAddress = { host: '', port: 0 }
  readonly #app: FastifyInstance
  readonly #server: Server | Http2SecureServer
  readonly #edge: CurrentGeneration
  readonly #reusePort: boolean
  readonly #connections = new Map<Socket, Http1Connection>()
  readonly #sessions = new Set<ServerHttp2Session>()
  #draining = false

  constructor(app: FastifyInstance, { edge, reusePort }: ListenerOptions) {
    this.#app = app
    this.#server = app.server as Server | Http2SecureServer
    this.#edge = edge
    this.#reusePort = reusePort
    routeEverything(app, this.#onRequest)
    this.#takeEvents()
  }

  async open(address: ListenAddress): Promise<Listener> {
    try {
      const options = { ...address, reusePort: this.#reusePort, backlog: 4096 } // all handed on to net.Server
      await this.#app.listen(options)
    } catch (cause) {
      throw listenError(address, cause)
    }
    const { port } = this.#server.address() as AddressInfo // listening on a port, not on a pipe
    this.address = { host: address.host, port }
    return this
  }

  readonly connections = (): number => this.#connections.size + this.#sessions.size

  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const connection of this.#connections.values()) connection.closeWhenIdle()
    for (const session of this.#sessions) session.close()
    const timer = setTimeout(() => this.#cut(), timeoutMs)
    await closed
    clearTimeout(timer)
    await this.#app.close()
  }

  #cut(): void {
    for (const socket of this.#connections.keys()) socket.destroy()
    for (const session of this.#sessions) session.destroy()
  }

  #takeEvents(): void {
    const server = this.#server as Server // the events are the same in both
    const { limits } = this.#edge()
    Object.assign(server, {
      headersTimeout: limits.headerTimeoutMs,
      requestTimeout: 0, // RequestBody bounds bodies by idle time and rate; one bound for all sizes fits none
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      maxRequestsPerSocket: limits.requestsPerSocket,
      timeout: 0,
      connectionsCheckingInterval: 1_000, // Node looks for slow heads every 30 s by default
      maxHeaderSize: MAX_PARSER_HEAD_BYTES,
      shouldUpgradeCallback: isWebSocketHandshake,
      httpAllowHalfOpen: true, // a client that has sent all it will send still wants its answer
    })
    server.on('checkContinue', this.#onRequest)
    server.on('checkExpectation', this.#onRequest)
    server.on('connect', (message: IncomingMessage | Http2ServerRequest, other: Socket | Http2ServerResponse) =>
      this.#onConnect(message, other),
    )
    server.on('upgrade', (message: IncomingMessage, socket: Socket, head: Buffer) =>
      this.#onUpgrade(message, socket, head),
    )
    server.on('clientError', (error: Error, socket: Socket) => this.#onClientError(error, socket))
    server.on('tlsClientError', (_error: Error, socket: TLSSocket) => socket.destroy())
    server.on('session', (session: ServerHttp2Session) => this.#onSession(session))
    const isSecure = 'setTicketKeys' in server
    server.on(isSecure ? 'secureConnection' : 'connection', (socket: TLSSocket) => {
      if (socket.alpnProtocol !== 'h2') this.#guard(socket, isSecure)
    })
  }

  #guard(socket: Socket, secure: boolean): void {
    const connection = new Http1Connection(socket, this.#edge, secure)
    this.#connections.set(socket, connection)
    socket.on('close', () => this.#connections.delete(socket))
  }

  #onSession(session: ServerHttp2Session): void {
    this.#sessions.add(session)
    session.setTimeout(this.#edge().limits.keepAliveTimeoutMs * 12, () => session.close())
    session.on('close', () => this.#sessions.delete(session))
    session.on('error', () => session.destroy())
  }

  readonly #onRequest: RawHandler = (message, response) => {
    const edge = this.#edge()
    if (message instanceof Http2ServerRequest && response instanceof Http2ServerResponse) {
      response.stream.on('error', () => undefined) // reset by the client: `close` follows and ends the exchange
      const request = readHttp2Request(message, edge)
      if ('kind' in request) return this.#refuse(request, { message, response, edge })
      return this.#run(request, http2Exchange(request, { message, response, edge }), edge)
    }
    this.#onHttp1Request(message as RoutedMessage, response as ServerResponse, edge) // the only other kind
  }

  #onHttp1Request(message: RoutedMessage, response: ServerResponse, edge: Generation): void {
    const connection = this.#connections.get(message.socket)
    if (connection === undefined) return void message.socket.destroy()
    const request = readHttp1Request(message, connection, edge)
    if (this.#draining) response.setHeader('connection', 'close')
    if ('kind' in request) {
      connection.exchangeOpened(undefined)
      response.on('close', () => connection.exchangeClosed())
      return this.#refuse(request, { message, response, edge })
    }
    const exchange = http1Exchange(request, { message, response, edge })
    connection.exchangeOpened(exchange.body)
    response.on('close', () => connection.exchangeClosed())
    this.#run(request, exchange, edge)
  }

  #run(_request: EdgeRequest, exchange: NodeExchange, edge: Generation): void {
    handle(exchange, edge).catch(() => exchange.drop()) // a defect: it ends this exchange, not the process
  }

  /** A complete message that is no request: answered and recorded, never forwarded. */
  #refuse(
    refusal: Refusal,
    parts: {
      message: RoutedMessage | Http2ServerRequest
      response: ServerResponse | Http2ServerResponse
      edge: Generation
    },
  ): void {
    const { message, response, edge } = parts
    const socket = message.socket
    const peer = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    const server = { address: socket.localAddress ?? '', port: socket.localPort ?? 0 }
    const target = ('originalUrl' in message && message.originalUrl) || message.url || ''
    const head = {
      method: message.method ?? '',
      target,
      protocol: `HTTP/${message.httpVersion}`,
      headers: message.rawHeaders,
      client: peer,
      server,
      secure: false,
    }
    const page = statusPage(refusal.status)
    const fields = message.httpVersionMajor === 2 ? page.headers : [...page.headers, 'connection', 'close']
    recordRefused(head, refusal, edge).finally(() => {
      ;(response as ServerResponse).writeHead(refusal.status, fields as string[]) // a flat list, in both classes
      if (page.body.kind === 'bytes') response.end(page.body.bytes)
    })
  }

  /** A WebSocket handshake is a request like any other: the same route to the same pipeline, on a response of its own. */
  #onUpgrade(message: IncomingMessage, socket: Socket, head: Buffer): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined || head.length > 0) return void socket.destroy()
    connection.release()
    const response = new ServerResponse(message)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.on('finish', () => socket.destroySoon())
    this.#app.routing(message, response)
  }

  #onConnect(message: IncomingMessage | Http2ServerRequest, socket: Socket | Http2ServerResponse): void {
    if (socket instanceof Http2ServerResponse) return this.#onRequest(message, socket)
    this.#connections.get(socket)?.refuseTunnel(`CONNECT ${message.url ?? ''} HTTP/${message.httpVersion}\r\n`)
  }

  #onClientError(error: Error, socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined) socket.destroy()
    else connection.parserError(error)
  }
}
