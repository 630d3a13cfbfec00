import type { ServerResponse } from 'node:http'
import { Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Readable } from 'node:stream'
import { statusPage } from './error-response.ts'
import type { Generation } from './generation.ts'
import type { RoutedMessage } from './http1-exchange.ts'
import { refusedHttp2Head } from './http2-exchange.ts'
import { recordRefused } from './refused-request.ts'
import type { Refusal } from './request-head.ts'
import type { SocketEndpoints } from './socket-endpoints.ts'

/** As much as is kept of a body that goes nowhere, and as long as it is waited for. */
const MAX_BODY_BYTES = 65_536
const BODY_WAIT_MS = 250

export interface RefusedRouted {
  readonly message: RoutedMessage | Http2ServerRequest
  readonly response: ServerResponse | Http2ServerResponse
  readonly endpoints: SocketEndpoints
  readonly secure: boolean
}

/** Answers and records a complete message that is no request; it is never forwarded. HTTP/1 connections close. */
export async function refuseMessage(refused: RefusedRouted, refusal: Refusal, edge: Generation): Promise<void> {
  const { message, endpoints, secure } = refused
  const place = { client: endpoints.peer, server: endpoints.server, secure }
  edge.occupancy.enter()
  try {
    const body = await collectRefused(message)
    await recordRefused({ ...headOf(message), ...place, body }, refusal, edge)
  } finally {
    edge.occupancy.leave()
  }
  const response = refused.response as ServerResponse // Node's HTTP/2 compatibility class has the same methods
  if (response.headersSent || response.destroyed) return
  const { headers, body } = statusPage(refusal.status)
  const isHttp2 = message.httpVersionMajor === 2
  response.writeHead(refusal.status, isHttp2 ? [...headers] : [...headers, 'connection', 'close'])
  response.end(body.kind === 'bytes' ? body.bytes : undefined)
}

function headOf(message: RoutedMessage | Http2ServerRequest) {
  const protocol = `HTTP/${message.httpVersion}`
  const method = message.method ?? ''
  if (message instanceof Http2ServerRequest) return { method, protocol, ...refusedHttp2Head(message) }
  return { method, protocol, target: message.originalUrl ?? message.url ?? '', headers: message.rawHeaders }
}

/** What comes of the body within a short time, up to a limit. */
function collectRefused(message: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer)
      resolve(Buffer.concat(chunks))
    }
    const timer = setTimeout(finish, BODY_WAIT_MS)
    message.on('data', (chunk: Buffer) => {
      if (size < MAX_BODY_BYTES) chunks.push(chunk)
      size += chunk.length
      if (size >= MAX_BODY_BYTES) finish()
    })
    for (const event of ['end', 'close', 'error']) message.on(event, finish)
  })
}
