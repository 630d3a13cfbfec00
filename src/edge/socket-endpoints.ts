import type { Socket } from 'node:net'
import type { Endpoint } from '../http.ts'

export interface SocketEndpoints {
  readonly peer: Endpoint
  readonly server: Endpoint
}

/** Both ends of a connection, read once: a socket forgets them when it closes. IPv4 in IPv6 becomes IPv4. */
export function socketEndpoints(socket: Socket): SocketEndpoints {
  return {
    peer: { address: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 },
    server: { address: plainAddress(socket.localAddress), port: socket.localPort ?? 0 },
  }
}

function plainAddress(address: string | undefined): string {
  return address?.startsWith('::ffff:') ? address.slice(7) : (address ?? '')
}
