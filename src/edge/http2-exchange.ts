import { METHODS } from 'node:http'
import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { BodyFraming, EdgeRequest } from '../http.ts'
import { findHeader, type RawHeaders } from '../http.ts'
import type { Generation } from './generation.ts'
import { NodeExchange, type ProtocolDifferences } from './node-exchange.ts'
import { readRequest } from './read-request.ts'
import { RequestBody } from './request-body.ts'
import { isAliasField, isTargetText, type Refusal, refusal } from './request-head.ts'
import { type SocketEndpoints, socketEndpoints } from './socket-endpoints.ts'

/** The request of an HTTP/2 stream, as an HTTP/1.1 origin will see it (RFC 9113 §8.3), or why it is refused. */
export function readHttp2Request(
  message: Http2ServerRequest,
  { peer, server }: SocketEndpoints,
  edge: Generation,
): EdgeRequest | Refusal {
  if (message.method === 'CONNECT') return refusal(405, 'CONNECT is not proxied')
  if (!METHODS.includes(message.method)) return refusal(400, 'unknown method') // as Node's parser of HTTP/1 has it
  const path = rawPath(message)
  if (!isTargetText(path)) return refusal(400, 'malformed :path')
  if (path.length > edge.limits.targetBytes) return refusal(414, 'target longer than limits.target_size')
  if (message.rawHeaders.length / 2 > edge.limits.headerCount + 4)
    return refusal(431, 'more fields than limits.header_count')
  const headers = plainHeaders(message)
  if (headers === undefined) return refusal(400, ':authority differs from Host')
  if (hasAlias(headers)) return refusal(400, 'underscore alias of a framing or forwarding field')
  const expect = findHeader(headers, 'expect')
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    return refusal(417, 'an expectation other than 100-continue')
  return readRequest(
    {
      protocol: 'HTTP/2.0',
      secure: true,
      method: message.method,
      rawTarget: path,
      headers,
      framing: framingOf(message),
      peer,
      server,
    },
    edge.reader,
  )
}

/** What a stream that is refused asked for, whatever is wrong with it; an authority shows as Host. */
export function refusedHttp2Head(message: Http2ServerRequest): { target: string; headers: RawHeaders } {
  const { rawHeaders } = message
  const authority = message.headers[':authority']
  const headers = authority === undefined ? [] : ['host', authority]
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (!name.startsWith(':')) headers.push(name, rawHeaders[i + 1] ?? '')
  }
  return { target: rawPath(message), headers }
}

/** Both ends of the connection; `undefined` when it has closed, which takes the session's socket away. */
export function http2Endpoints({ stream }: Http2ServerRequest): SocketEndpoints | undefined {
  const { session } = stream
  return session === undefined || session.destroyed ? undefined : socketEndpoints(session.socket)
}

export function http2Exchange(
  request: EdgeRequest,
  { message, response, edge }: { message: Http2ServerRequest; response: Http2ServerResponse; edge: Generation },
): NodeExchange {
  const { limits } = edge
  const pace = { idleTimeoutMs: limits.bodyIdleTimeoutMs, minBytesPerSecond: limits.bodyMinBytesPerSecond }
  const isEmpty = request.framing.kind === 'none' || (request.framing.kind === 'length' && request.framing.bytes === 0)
  return new NodeExchange({
    request,
    body: isEmpty ? undefined : new RequestBody(message, pace),
    response,
    differences: http2Differences(response),
    accessLog: edge.accessLog,
    sendTimeoutMs: limits.sendTimeoutMs,
    expectsContinue: findHeader(request.headers, 'expect') !== undefined,
  })
}

/** From rawHeaders: the compatibility layer keeps `url` in headers[':path'], and fastify's rewriteUrl has replaced it there. */
function rawPath({ rawHeaders }: Http2ServerRequest): string {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i] === ':path') return rawHeaders[i + 1] ?? ''
  }
  return ''
}

/** Without pseudo-header fields, `host` first, `cookie` crumbs joined (RFC 9113 §8.2.3). */
function plainHeaders(message: Http2ServerRequest): string[] | undefined {
  const { rawHeaders } = message
  const fields: string[] = []
  const cookies: string[] = []
  let host = message.headers[':authority']
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    if (name.startsWith(':')) continue
    if (name === 'host') {
      host ??= value
      if (host !== value) return undefined
    }
    if (name === 'cookie') cookies.push(value)
    else if (name !== 'host') fields.push(name, value)
  }
  if (cookies.length > 0) fields.push('cookie', cookies.join('; '))
  return host === undefined ? fields : ['host', host, ...fields]
}

function hasAlias(headers: readonly string[]): boolean {
  return headers.some((name, i) => i % 2 === 0 && name.includes('_') && isAliasField(name))
}

function framingOf(message: Http2ServerRequest): BodyFraming {
  if (message.stream.endAfterHeaders) return { kind: 'none' }
  const length = message.headers['content-length'] // nghttp2 has checked that it is one number and fits the DATA frames
  return length === undefined ? { kind: 'chunked' } : { kind: 'length', bytes: Number(length) }
}

/** RFC 9113 §8.2.2: names in lower case and no field about the connection. */
function http2Differences(response: Http2ServerResponse): ProtocolDifferences {
  response.stream.on('timeout', () => response.stream?.close(constants.NGHTTP2_CANCEL))
  return {
    headers: (headers) => headers.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text)),
    tunnel: (_response, origin) => origin.destroy(), // no request of HTTP/2 asks for one (RFC 9113 §8.6)
    destroy: () => response.stream?.close(constants.NGHTTP2_INTERNAL_ERROR),
    limitSending: (timeoutMs) => response.stream?.setTimeout(timeoutMs),
    refuseRest: () => response.stream?.close(constants.NGHTTP2_NO_ERROR), // RFC 9113 §8.1: after a complete response
  }
}
