import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import {
  type Http2SecureServer,
  type Http2ServerRequest,
  Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import type { ListenAddress } from '../config/config.ts'
import { type RawHandler, routeEverything } from './catch-all.ts'
import type { CurrentGeneration } from './generation.ts'
import { Http1Connection } from './http1-connection.ts'
import { listenError } from './listen-error.ts'
import type { Listener, ListenerOptions } from './listener.ts'
import { OpenConnections } from './open-connections.ts'
import { recordBrokenSession } from './record-broken-session.ts'
import { createRequestHandler } from './request-handler.ts'
import { isWebSocketHandshake } from './tunnel.ts'

/** The guard bounds the head before the parser sees it (limits.header_size is at most 1 MiB). */
const MAX_PARSER_HEAD_BYTES = 1_114_112
/** An HTTP/2 connection without a frame may stay this many times as long as one of HTTP/1: opening it costs more. */
const HTTP2_IDLE_FACTOR = 12

/** Node's servers, HTTP/1 or HTTP/2 with HTTP/1.1 beside it, with every event that could go around the route taken in hand. */
export class NodeListener implements Listener {
  address: ListenAddress = { host: '', port: 0 }
  readonly #app: FastifyInstance
  readonly #server: Server | Http2SecureServer
  readonly #edge: CurrentGeneration
  readonly #reusePort: boolean
  readonly #connections = new OpenConnections()
  readonly #onRequest: RawHandler

  constructor(app: FastifyInstance, { edge, reusePort }: ListenerOptions) {
    this.#app = app
    this.#server = app.server as Server | Http2SecureServer
    this.#edge = edge
    this.#reusePort = reusePort
    this.#onRequest = createRequestHandler(edge, this.#connections)
    routeEverything(app, this.#onRequest)
    this.#setLimits()
    this.#takeEvents(this.#server as Server) // the events are the same in both
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

  readonly connections = (): number => this.#connections.count

  async drain(timeoutMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#connections.drain()
    const timer = setTimeout(() => this.#connections.cut(), timeoutMs)
    await closed
    clearTimeout(timer)
    await this.#app.close()
  }

  #setLimits(): void {
    const { limits } = this.#edge()
    Object.assign(this.#server, {
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
  }

  #takeEvents(server: Server): void {
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
    server.on('connection', (socket: Socket) => this.#connections.addSocket(socket))
    const isSecure = 'setTicketKeys' in server
    server.on(isSecure ? 'secureConnection' : 'connection', (socket: TLSSocket) => {
      if (socket.alpnProtocol !== 'h2') {
        this.#connections.addHttp1(socket, new Http1Connection(socket, this.#edge, isSecure))
      }
    })
  }

  #onSession(session: ServerHttp2Session): void {
    this.#connections.addHttp2(session)
    session.setTimeout(this.#edge().limits.keepAliveTimeoutMs * HTTP2_IDLE_FACTOR, () => session.close())
    recordBrokenSession(session, this.#edge)
    session.on('error', () => session.destroy())
  }

  /** A WebSocket handshake is a request like any other: the same route to the same pipeline, on a response of its own. */
  #onUpgrade(message: IncomingMessage, socket: Socket, head: Buffer): void {
    const connection = this.#connections.findHttp1(socket)
    if (connection === undefined || head.length > 0) return void socket.destroy()
    connection.release()
    const response = new ServerResponse(message)
    response.shouldKeepAlive = false
    response.assignSocket(socket)
    response.on('finish', () => socket.destroySoon())
    this.#app.routing(message, response)
  }

  #onConnect(message: IncomingMessage | Http2ServerRequest, other: Socket | Http2ServerResponse): void {
    if (other instanceof Http2ServerResponse) return this.#onRequest(message, other)
    const head = `CONNECT ${message.url ?? ''} HTTP/${message.httpVersion}\r\n`
    this.#connections.findHttp1(other)?.refuseTunnel(head)
  }

  #onClientError(error: Error, socket: Socket): void {
    const connection = this.#connections.findHttp1(socket)
    if (connection === undefined) socket.destroy()
    else connection.parserError(error)
  }
}
