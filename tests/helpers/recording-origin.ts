import net from 'node:net'
import { readChunks } from './raw-response.ts'

/** A request exactly as it came over the wire. */
export interface RecordedRequest {
  readonly connection: number
  readonly requestLine: string
  readonly method: string
  readonly target: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
  /** All bytes of the request, head and framing included. */
  readonly raw: string
}

/** Answers a complete request. Default: 200 with the body `origin`. */
export type Responder = (request: RecordedRequest, socket: net.Socket) => void
/** Sees a request's head before its body; returning true takes the socket over and nothing is parsed any more. */
export type HeadListener = (head: string, socket: net.Socket) => boolean

export interface RecordingOrigin {
  readonly port: number
  readonly url: string
  /** Complete requests, in order of completion. */
  readonly requests: RecordedRequest[]
  /** Every byte that ever arrived, complete request or not. */
  readonly bytesReceived: () => number
  readonly connectionCount: () => number
  readonly openSockets: () => readonly net.Socket[]
  /** Sets what happens from now on. */
  respond(responder: Responder, onHead?: HeadListener): void
  /** Forgets what was recorded. */
  forget(): void
  close(): Promise<void>
}

export const answerOk: Responder = (request, socket) => {
  const body = request.method === 'HEAD' ? '' : 'origin'
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX-Origin: yes\r\n\r\n${body}`)
}

/** An origin on plain TCP that records what arrives byte for byte; it never interprets more than the framing. */
export async function startOrigin(port = 0): Promise<RecordingOrigin> {
  const requests: RecordedRequest[] = []
  const sockets = new Set<net.Socket>()
  const state = { bytes: 0, connections: 0, responder: answerOk, onHead: (() => false) as HeadListener }
  const server = net.createServer((socket) => {
    sockets.add(socket)
    const connection = state.connections++
    let pending = Buffer.alloc(0)
    let takenOver = false
    let headSeen = false
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      state.bytes += chunk.length
      if (takenOver) return
      pending = Buffer.concat([pending, chunk])
      for (;;) {
        const headEnd = pending.indexOf('\r\n\r\n')
        if (headEnd < 0) return
        if (!headSeen) {
          headSeen = true
          takenOver = state.onHead(pending.toString('latin1', 0, headEnd), socket)
          if (takenOver) return
        }
        const parsed = parseRequest(pending, headEnd, connection)
        if (!parsed) return
        pending = pending.subarray(parsed.end)
        headSeen = false
        requests.push(parsed.request)
        state.responder(parsed.request, socket)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const bound = (server.address() as net.AddressInfo).port // a TCP server's address is an AddressInfo
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    requests,
    bytesReceived: () => state.bytes,
    connectionCount: () => state.connections,
    openSockets: () => [...sockets],
    respond(responder, onHead = () => false) {
      state.responder = responder
      state.onHead = onHead
    },
    forget() {
      requests.length = 0
      state.bytes = 0
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

function parseRequest(
  bytes: Buffer,
  headEnd: number,
  connection: number,
): { request: RecordedRequest; end: number } | undefined {
  const [requestLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
  })
  const value = (name: string) => headers.find(([key]) => key.toLowerCase() === name)?.[1]
  const start = headEnd + 4
  const length = Number(value('content-length') ?? 0)
  const found =
    value('transfer-encoding') !== undefined
      ? readChunks(bytes, start)
      : bytes.length >= start + length
        ? { body: bytes.subarray(start, start + length), end: start + length }
        : undefined
  if (!found) return undefined
  const [method = '', ...rest] = requestLine.split(' ')
  const target = rest.slice(0, -1).join(' ')
  const raw = bytes.toString('latin1', 0, found.end)
  return {
    request: { connection, requestLine, method, target, headers, body: Buffer.from(found.body), raw },
    end: found.end,
  }
}
