import type { Duplex } from 'node:stream'
import { type FastifyInstance, fastify } from 'fastify'
import type { ListenAddress } from '../config/config.ts'
import { catchAllOptions } from './catch-all.ts'
import type { CertificateTable } from './certificate-table.ts'
import type { CurrentGeneration } from './generation.ts'
import { NodeListener } from './node-listener.ts'

export interface Listener {
  readonly address: ListenAddress
  /** Open connections, whatever their protocol. */
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
  /** How long handshakes may wait for a certificate that is being got. */
  readonly handshakeWaitMs: number
}

/** A missing Host is refused, and recorded, by the edge itself. */
const http1Options = { requireHostHeader: false, insecureHTTPParser: false } as const

/** Opens a listener for HTTP/1. Throws EdgeError ACME_EDGE_LISTEN_FAILED with the address and what to do. */
export async function openHttpListener(address: ListenAddress, options: ListenerOptions): Promise<Listener> {
  const app = fastify({ ...catchAllOptions, http: http1Options })
  return new NodeListener(app as unknown as FastifyInstance, options).open(address)
}

/** A listener for HTTP/1 without a port; its connections are given to it. */
export interface InMemoryListener {
  accept(connection: Duplex): void
  close(): Promise<void>
}

/** Opens the listener that tests of rules speak to in memory: the one of `openHttpListener`, but for the port. */
export async function openInMemoryListener(edge: CurrentGeneration): Promise<InMemoryListener> {
  const app = fastify({ ...catchAllOptions, http: http1Options })
  new NodeListener(app as unknown as FastifyInstance, { edge, reusePort: false })
  await app.ready()
  return {
    accept: (connection) => void app.server.emit('connection', connection),
    close: async () => void (await app.close()),
  }
}

/** Opens a listener for TLS with HTTP/2 and HTTP/1.1 by ALPN. */
export async function openHttpsListener(address: ListenAddress, options: SecureListenerOptions): Promise<Listener> {
  const { limits } = options.edge()
  const context = {
    minVersion: 'TLSv1.2',
    ...(options.ticketKeys === undefined ? {} : { ticketKeys: options.ticketKeys }),
  } as const
  const app = fastify({
    ...catchAllOptions,
    http2: true,
    https: {
      allowHTTP1: true,
      SNICallback: options.certificates.sniCallback(),
      ...context,
      handshakeTimeout: limits.headerTimeoutMs + options.handshakeWaitMs,
      maxHeaderListPairs: limits.headerCount + 8,
      maxSessionMemory: 10,
      settings: { maxConcurrentStreams: limits.http2Streams, maxHeaderListSize: limits.headerBytes, enablePush: false },
    },
  })
  options.certificates.onAddressCertificate((certificate) => {
    const pair = certificate && { cert: certificate.fullChainPem, key: certificate.privateKeyPem }
    app.server.setSecureContext({ ...context, ...pair })
  })
  return new NodeListener(app as unknown as FastifyInstance, options).open(address)
}
