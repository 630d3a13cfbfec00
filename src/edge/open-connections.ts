import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { Http1Connection } from './http1-connection.ts'

/** The connections of one listener, so that it can drain: idle ones close at once, busy ones after their answers. */
export class OpenConnections {
  /** Every TCP connection, those in a TLS handshake too: a server does not close before the last of them. */
  readonly #sockets = new Set<Socket>()
  readonly #http1 = new Map<Socket, Http1Connection>()
  readonly #http2 = new Set<ServerHttp2Session>()
  #isDraining = false

  get count(): number {
    return this.#sockets.size
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  addSocket(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
  }

  addHttp1(socket: Socket, connection: Http1Connection): void {
    this.#http1.set(socket, connection)
    socket.on('close', () => this.#http1.delete(socket))
    if (this.#isDraining) connection.closeWhenIdle()
  }

  addHttp2(session: ServerHttp2Session): void {
    this.#http2.add(session)
    session.on('close', () => this.#http2.delete(session))
    if (this.#isDraining) session.close()
  }

  findHttp1(socket: Socket): Http1Connection | undefined {
    return this.#http1.get(socket)
  }

  drain(): void {
    this.#isDraining = true
    for (const connection of this.#http1.values()) connection.closeWhenIdle()
    for (const session of this.#http2) session.close()
  }

  /** Ends what is left, whatever it is doing. */
  cut(): void {
    for (const session of this.#http2) session.destroy()
    for (const socket of this.#http1.keys()) socket.destroy()
    for (const socket of this.#sockets) socket.destroy()
  }
}
