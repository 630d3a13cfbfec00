import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { field, type Logger } from '../../log.ts'
import { answer } from './answer.ts'
import type { Authority } from './authority.ts'
import type { Ca, Reply } from './resource.ts'
import { createState } from './state.ts'
import { createUrls } from './urls.ts'

export interface AcmeServerOptions {
  readonly authority: Authority
  /** Port on 127.0.0.1 where HTTP-01 validation finds the edge, instead of 80. */
  readonly validationPort: number
  readonly log: Logger
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly clock?: () => number
}

export interface AcmeServer {
  readonly directoryUrl: string
  close(): Promise<void>
}

/**
 * Starts an ACME server (RFC 8555) for the local CA on a free port of 127.0.0.1, over plain HTTP: it never leaves the
 * machine, and requests are signed. Accounts and orders live in memory.
 */
export async function startAcmeServer(options: AcmeServerOptions): Promise<AcmeServer> {
  const { authority, validationPort, log, clock = Date.now } = options
  // Bounds for a client that sends slowly or opens many connections.
  const limits = { headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000, maxHeaderSize: 8_192 }
  const server = createServer(limits)
  server.maxConnections = 64
  const port = await listen(server)
  const closing = new AbortController()
  const urls = createUrls(`http://127.0.0.1:${port}`)
  const ca: Ca = { state: createState(), urls, authority, clock, validationPort, closing: closing.signal }
  const onFault = (error: unknown) => log.error({ [field.error]: error }, 'local ACME server: request failed')
  server.on('request', (request, response) => {
    answer(request, ca, onFault).then(
      (reply) => send(request, response, { reply, ca }),
      (error) => {
        onFault(error)
        response.destroy()
      },
    )
  })
  return { directoryUrl: urls.directory, close: () => close(server, closing) }
}

function send(request: IncomingMessage, response: ServerResponse, { reply, ca }: { reply: Reply; ca: Ca }): void {
  const body = typeof reply.body === 'object' ? JSON.stringify(reply.body) : (reply.body ?? '')
  const type = typeof reply.body === 'string' ? 'application/pem-certificate-chain' : 'application/json'
  response.writeHead(reply.status, {
    ...(body !== '' && { 'content-type': type }),
    ...(reply.status !== 204 && { 'content-length': String(Buffer.byteLength(body)) }),
    'cache-control': 'no-store',
    'replay-nonce': ca.state.nonces.issue(),
    // What is left of a refused body is not read.
    ...(!request.complete && { connection: 'close' }),
    ...reply.headers,
    link: [`<${ca.urls.directory}>;rel="index"`, ...(reply.headers?.link ? [reply.headers.link] : [])],
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function listen(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}

async function close(server: Server, closing: AbortController): Promise<void> {
  closing.abort()
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeAllConnections()
  await promise
}
