import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import type { ListenAddress } from '../config/config.ts'
import { EdgeError } from '../errors.ts'
import type { HealthSnapshot } from './health.ts'

export interface AdminOptions {
  readonly listen: ListenAddress
  readonly health: () => HealthSnapshot
  /** The page of /metrics, in Prometheus' text format. */
  readonly metrics: () => Promise<string>
}

export interface AdminServer {
  readonly address: ListenAddress
  close(): Promise<void>
}

/** A scrape that hangs must not keep a socket: nobody needs longer for a page of figures. */
const requestTimeoutMs = 10_000
const maxHeaderBytes = 8_192

/**
 * /metrics, /healthz (200 as long as the process lives) and /readyz (503 until requests are served and again while draining,
 * otherwise 200; with status and reasons). GET and HEAD alone; nothing else exists. Throws ACME_EDGE_LISTEN_FAILED.
 */
export async function startAdmin({ listen, health, metrics }: AdminOptions): Promise<AdminServer> {
  const server = fastify({
    logger: false,
    forceCloseConnections: true,
    requestTimeout: requestTimeoutMs,
    http: { maxHeaderSize: maxHeaderBytes },
  })
  server.get('/metrics', async (_request, reply) => {
    reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
    return metrics()
  })
  server.get('/healthz', () => ({ status: 'alive' }))
  server.get('/readyz', (_request, reply) => {
    const { status, reasons } = health()
    reply.code(status === 'not ready' ? 503 : 200)
    return { status, reasons }
  })
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ status: 'not found' }))
  server.setErrorHandler((_error, _request, reply) => reply.code(500).send({ status: 'failed' }))
  await open(() => server.listen({ host: listen.host, port: listen.port }), listen)
  return { address: { host: listen.host, port: boundPort(server.addresses(), listen) }, close: () => server.close() }
}

async function open(start: () => Promise<unknown>, { host, port }: ListenAddress): Promise<void> {
  try {
    await start()
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const reason = code === 'EADDRINUSE' ? 'another program uses this port' : String(error)
    const message = `cannot listen on ${host} port ${port} (admin.listen): ${reason}`
    throw new EdgeError('ACME_EDGE_LISTEN_FAILED', message, { cause: error })
  }
}

function boundPort(addresses: readonly (string | AddressInfo)[], { port }: ListenAddress): number {
  const [first] = addresses
  return typeof first === 'object' ? first.port : port
}
