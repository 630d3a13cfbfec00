import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EdgeRequest } from '../http.ts'
import type { Generation } from './generation.ts'
import type { Http1Connection } from './http1-connection.ts'
import type { GuardedHead } from './http1-guard.ts'
import { NodeExchange, type ProtocolDifferences } from './node-exchange.ts'
import { readRequest } from './read-request.ts'
import { RequestBody } from './request-body.ts'
import { type Refusal, refusal } from './request-head.ts'
import { openTunnel } from './tunnel.ts'

/** Fastify has rewritten `url` to its one route; the target as received is in `originalUrl`. Node sets `upgrade` where it is followed. */
export type RoutedMessage = IncomingMessage & { originalUrl?: string; upgrade?: boolean }

/** The request of an HTTP/1 message, or why it is refused. */
export function readHttp1Request(
  message: RoutedMessage,
  connection: Http1Connection,
  edge: Generation,
): EdgeRequest | Refusal {
  const method = message.method ?? ''
  const rawTarget = message.originalUrl ?? message.url ?? ''
  const head = connection.takeHead(method, rawTarget)
  if (head === undefined) return refusal(400, 'the two parsers disagree about the request')
  const expect = message.headers.expect
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    return refusal(417, 'an expectation other than 100-continue')
  return readRequest(
    {
      protocol: message.httpVersion === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1',
      secure: connection.secure,
      method,
      rawTarget,
      headers: message.rawHeaders,
      framing: head.framing,
      ...(message.upgrade ? { upgrade: 'websocket' as const } : {}),
      peer: connection.endpoints.peer,
      server: connection.endpoints.server,
    },
    edge.reader,
  )
}

interface Http1ExchangeParts {
  readonly message: IncomingMessage
  readonly response: ServerResponse
  readonly edge: Generation
  readonly bodyHasBegun: boolean
}

export function http1Exchange(
  request: EdgeRequest,
  { message, response, edge, bodyHasBegun }: Http1ExchangeParts,
): NodeExchange {
  const { limits } = edge
  const pace = { idleTimeoutMs: limits.bodyIdleTimeoutMs, minBytesPerSecond: limits.bodyMinBytesPerSecond }
  return new NodeExchange({
    request,
    body: hasBody(request.framing) ? new RequestBody(message, pace) : undefined,
    response,
    // Node's parser does not come back to itself after an Upgrade that was not followed: no further request here.
    differences: http1Differences(response, message.headers.upgrade !== undefined),
    accessLog: edge.accessLog,
    sendTimeoutMs: limits.sendTimeoutMs,
    // RFC 9110 §10.1.1: not once some of the content has come.
    expectsContinue: message.headers.expect !== undefined && request.protocol === 'HTTP/1.1' && !bodyHasBegun,
  })
}

function hasBody(framing: GuardedHead['framing']): boolean {
  return framing.kind === 'chunked' || (framing.kind === 'length' && framing.bytes > 0)
}

function http1Differences(response: ServerResponse, isLast: boolean): ProtocolDifferences {
  return {
    headers: (headers, close) => (close || isLast ? [...headers, 'connection', 'close'] : headers),
    tunnel: ({ headers }, origin) => openTunnel(response.socket, { headers, origin }),
    destroy: () => response.socket?.destroy(),
    limitSending: (timeoutMs) => response.socket?.setTimeout(timeoutMs), // nobody listens: Node destroys the socket
    refuseRest: () => undefined, // the connection closes: the head said so
  }
}
