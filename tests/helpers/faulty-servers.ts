import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect, createServer as createTcp, type Server, type Socket } from 'node:net'
import type { Test } from 'tap'
import { createTestAuthority } from './certificate-authority.ts'

/** Each gives the port of a server on loopback that lives as long as the test. */
export const httpServer = (t: Test, handler: RequestListener): Promise<number> => listening(t, createHttp(handler))

export const tcpServer = (t: Test, onSocket: (socket: Socket) => void): Promise<number> =>
  listening(t, createTcp(onSocket))

/** With a certificate of nobody's, which CAs do not mind. */
export async function tlsServer(t: Test, handler: RequestListener, options: object = {}): Promise<number> {
  const authority = await createTestAuthority()
  const { certPem, keyPem } = await authority.issue(['localhost'])
  return listening(t, createHttps({ cert: certPem, key: keyPem, ...options }, handler))
}

export async function closedPort(): Promise<number> {
  const server = createTcp().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // listening on TCP
  await once(server.close(), 'close')
  return port
}

/** A port whose packets go unanswered, as behind a firewall: its process is stopped and its queue is full. */
export async function deafPort(t: Test): Promise<number> {
  const script = `const s=require('net').createServer().listen({port:0,host:'127.0.0.1',backlog:1},()=>console.log(s.address().port))`
  const child: ChildProcess = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout as NodeJS.EventEmitter, 'data')) as [Buffer] // stdio has a pipe there
  child.kill('SIGSTOP')
  const port = Number(line.toString())
  for (let tries = 0; tries < 16; tries += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    t.teardown(() => socket.destroy())
    if (!(await connectsWithin(socket, 250))) return port
  }
  throw new Error('the queue of a stopped process does not fill')
}

function connectsWithin(socket: Socket, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true))
    setTimeout(() => resolve(false), ms)
  })
}

async function listening(t: Test, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port // listening on TCP
}
