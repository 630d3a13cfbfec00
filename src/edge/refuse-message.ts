import type { ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { statusPage } from './error-response.ts'
import type { Generation } from './generation.ts'
import type { RoutedMessage } from './http1-exchange.ts'
import { recordRefused } from './refused-request.ts'
import type { Refusal } from './request-head.ts'
import type { SocketEndpoints } from './socket-endpoints.ts'

export interface RefusedMessage {
  readonly message: RoutedMessage | Http2ServerRequest
  readonly response: ServerResponse | Http2ServerResponse
  readonly endpoints: SocketEndpoints
  readonly secure: boolean
}

/** Answers and records a complete message that is no request; it is never forwarded. HTTP/1 connections close. */
export async function refuseMessage(refused: RefusedMessage, refusal: Refusal, edge: Generation): Promise<void> {
  const { message, endpoints, secure } = refused
  const head = {
    method: message.method ?? '',
    target: ('originalUrl' in message && message.originalUrl) || message.url || '',
    protocol: `HTTP/${message.httpVersion}`,
    headers: message.rawHeaders,
    client: endpoints.peer,
    server: endpoints.server,
    secure,
  }
  await recordRefused(head, refusal, edge)
  const response = refused.response as ServerResponse // Node's HTTP/2 compatibility class has the same methods
  if (response.headersSent || response.destroyed) return
  const { headers, body } = statusPage(refusal.status)
  response.writeHead(
    refusal.status,
    message.httpVersionMajor === 2 ? [...headers] : [...headers, 'connection', 'close'],
  )
  response.end(body.kind === 'bytes' ? body.bytes : undefined)
}
