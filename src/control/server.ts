import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { ActiveChallenge, ChallengePublisher } from '../challenge/publisher.ts'
import { EdgeError } from '../errors.ts'
import { readLines } from './lines.ts'
import { type ControlRequest, parseControlRequest } from './protocol.ts'
import { controlSocketPath, type SocketPath } from './socket-path.ts'

/** How long the workers have to acknowledge one call. */
const CALL_TIMEOUT_MS = 10_000

const isNobody = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'])

export interface ControlServer {
  close(): Promise<void>
}

/**
 * Listens on `<store>/control.sock` (0600) and passes calls to the publisher, which answers when every worker has
 * acknowledged. What a connection has published is withdrawn when it closes, so that a killed `issue` leaves nothing active.
 * Throws EdgeError ACME_EDGE_ALREADY_RUNNING when another edge listens there.
 */
export async function startControlServer(storeFolder: string, publisher: ChallengePublisher): Promise<ControlServer> {
  const socketPath = controlSocketPath(storeFolder)
  if (await isAnswered(socketPath.path)) {
    socketPath.close()
    throw new EdgeError('ACME_EDGE_ALREADY_RUNNING', `another edge runs with the store ${storeFolder}: stop it first`)
  }
  rmSync(socketPath.path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serve(socket, publisher)
  })
  await listenPrivately(server, socketPath, storeFolder)
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => {
          socketPath.close()
          resolve()
        })
      }),
  }
}

function serve(socket: Socket, publisher: ChallengePublisher): void {
  const published = new Map<string, Pick<ActiveChallenge, 'host' | 'token'>>()
  const signal = () => AbortSignal.timeout(CALL_TIMEOUT_MS)
  const run = async (request: ControlRequest): Promise<void> => {
    switch (request.call) {
      case 'publish':
        published.set(`${request.challenge.host} ${request.challenge.token}`, request.challenge)
        return publisher.publish(request.challenge, signal())
      case 'withdraw':
        published.delete(`${request.host} ${request.token}`)
        return publisher.withdraw(request, signal())
      case 'installed':
        return publisher.installed(request.name, signal())
    }
  }
  readLines(socket, (line) => {
    const request = parseControlRequest(line)
    if (request === undefined) return void socket.destroy()
    run(request).then(
      () => socket.write(`${JSON.stringify({ id: request.id })}\n`),
      (error: Error) => socket.write(`${JSON.stringify({ id: request.id, error: error.message })}\n`),
    )
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    for (const challenge of published.values()) publisher.withdraw(challenge, signal()).catch(() => undefined) // it expires
  })
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // Only these say that nobody listens; of a socket that may not be opened (EACCES) it is not known.
    socket.on('error', (error: Error & { code?: string }) => resolve(!isNobody.has(error.code ?? '')))
  })
}

/** The mask is set for the one synchronous call that creates the socket: it never exists with wider permissions. */
function listenPrivately(server: Server, { path }: SocketPath, storeFolder: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', (cause) =>
      reject(
        new EdgeError('ACME_EDGE_STORE_UNWRITABLE', `cannot open ${storeFolder}/control.sock: ${cause.message}`, {
          cause,
        }),
      ),
    )
    const mask = process.umask(0o177)
    try {
      server.listen(path, resolve)
    } finally {
      process.umask(mask)
    }
  })
}
