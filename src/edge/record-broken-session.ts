import type { ServerHttp2Session } from 'node:http2'
import type { Generation } from './generation.ts'
import { recordRefused } from './refused-request.ts'
import { socketEndpoints } from './socket-endpoints.ts'

/**
 * Records an HTTP/2 connection that ended in a violation of the protocol. Node shows nothing of the frames, so that the
 * record says who, when and why, and no more; a stream that is reset alone for its malformed fields leaves none.
 */
export function recordBrokenSession(session: ServerHttp2Session, current: () => Generation): void {
  const endpoints = socketEndpoints(session.socket) // a session forgets its socket when it is destroyed
  session.on('error', (error: Error & { code?: string }) => {
    if (error.code !== 'ERR_HTTP2_ERROR' && error.code !== 'ERR_HTTP2_SESSION_ERROR') return
    const edge = current()
    const nothing = { method: '', target: '', headers: [], body: Buffer.alloc(0) }
    const request = { ...nothing, protocol: 'HTTP/2.0', client: endpoints.peer, server: endpoints.server, secure: true }
    edge.occupancy.enter()
    void recordRefused(request, { kind: 'refusal', status: 400, reason: `HTTP/2: ${error.message}` }, edge).finally(
      () => edge.occupancy.leave(),
    )
  })
}
