import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import tls from 'node:tls'

/** What a CA's validator gets from a port for a challenge, over a connection of its own; `undefined`: no answer at all. */
export async function fetchChallenge(port: number, host: string, token: string): Promise<string | undefined> {
  const path = `/.well-known/acme-challenge/${token}`
  const sent = request({ host: '127.0.0.1', port, path, headers: { host }, agent: false, timeout: 3_000 })
  sent.on('timeout', () => sent.destroy(new Error('no answer')))
  sent.end()
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    let body = ''
    for await (const chunk of response) body += chunk
    return response.statusCode === 200 ? body : `status ${response.statusCode}`
  } catch {
    return undefined
  }
}

/** The fingerprint of the certificate that a port serves for a name, or the error's code. */
export async function servedCertificate(port: number, servername: string): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false })
  socket.setTimeout(3_000, () => socket.destroy(new Error('no handshake')))
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().fingerprint256
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  } finally {
    socket.destroy()
  }
}
