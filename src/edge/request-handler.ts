import type { ServerResponse } from 'node:http'
import { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { RawHandler } from './catch-all.ts'
import type { CurrentGeneration, Generation } from './generation.ts'
import { http1Exchange, type RoutedMessage, readHttp1Request } from './http1-exchange.ts'
import { http2Endpoints, http2Exchange, readHttp2Request } from './http2-exchange.ts'
import type { NodeExchange } from './node-exchange.ts'
import type { OpenConnections } from './open-connections.ts'
import { handle } from './pipeline.ts'
import { refuseMessage } from './refuse-message.ts'

/** What every message of a listener comes to, whatever its protocol, method or target: the pipeline, or a refusal. */
export function createRequestHandler(edge: CurrentGeneration, connections: OpenConnections): RawHandler {
  return (message, response) => {
    if (message instanceof Http2ServerRequest && response instanceof Http2ServerResponse) {
      return onHttp2(message, response, edge())
    }
    onHttp1(message as RoutedMessage, response as ServerResponse, { edge: edge(), connections }) // the only other kind
  }
}

function onHttp2(message: Http2ServerRequest, response: Http2ServerResponse, edge: Generation): void {
  response.stream.on('error', () => undefined) // reset by the client: `close` follows and ends the exchange
  const endpoints = http2Endpoints(message)
  if (endpoints === undefined) return // the session is gone already
  const request = readHttp2Request(message, endpoints, edge)
  if ('kind' in request) return void refuseMessage({ message, response, endpoints, secure: true }, request, edge)
  run(http2Exchange(request, { message, response, edge }), edge)
}

function onHttp1(
  message: RoutedMessage,
  response: ServerResponse,
  { edge, connections }: { edge: Generation; connections: OpenConnections },
): void {
  const connection = connections.findHttp1(message.socket)
  if (connection === undefined) return void message.socket.destroy()
  // Node says `close` with the last request of a connection, but keeps it open unless it is told so.
  const isLast = connection.requestCount + 1 >= edge.limits.requestsPerSocket
  if (isLast || connections.isDraining) response.setHeader('connection', 'close')
  response.on('close', () => connection.exchangeClosed(response.shouldKeepAlive))
  const { endpoints, secure } = connection
  const request = readHttp1Request(message, connection, edge)
  if ('kind' in request) {
    connection.exchangeOpened(undefined)
    return void refuseMessage({ message, response, endpoints, secure }, request, edge)
  }
  const exchange = http1Exchange(request, { message, response, edge, bodyHasBegun: connection.bodyHasBegun })
  connection.exchangeOpened(exchange.body)
  run(exchange, edge)
}

function run(exchange: NodeExchange, edge: Generation): void {
  handle(exchange, edge).catch(() => exchange.drop()) // a defect: it ends this exchange, not the process
}
