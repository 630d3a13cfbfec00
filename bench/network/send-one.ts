import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Sends one message and resolves to the status of its answer; rejects without one after 30 s. */
export function sendOne(port: number, { message, secure }: { message: Buffer; secure: boolean }): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket: Socket = secure
      ? connectTls({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false })
      : connect(port, '127.0.0.1')
    let head = ''
    socket.setTimeout(30_000, () => socket.destroy(new Error(`port ${port}: no answer`)))
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1')
      const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]
      if (status === undefined) return
      resolve(Number(status))
      socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`port ${port}: closed without an answer`)))
    socket.write(message)
  })
}
