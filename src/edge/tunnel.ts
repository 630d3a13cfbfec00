import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/**
 * Whether an Upgrade is followed: a WebSocket handshake as RFC 6455 §4.1 has it, and without a body, which would reach the
 * tunnel unparsed. Node treats any other as a plain request, whose Upgrade field ends here.
 */
export function isWebSocketHandshake(message: IncomingMessage): boolean {
  const { headers, httpVersion, method } = message
  if (method !== 'GET' || httpVersion !== '1.1' || headers.upgrade?.toLowerCase() !== 'websocket') return false
  if (headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined) return false
  return headers['sec-websocket-version'] === '13' && /^[A-Za-z0-9+/]{22}==$/.test(headers['sec-websocket-key'] ?? '')
}

/** Tells the client that the origin has agreed, and joins the two connections: when one ends, so does the other. */
export function openTunnel(
  client: Socket | null,
  { headers, origin }: { headers: readonly string[]; origin: Duplex },
): void {
  if (client === null || client.destroyed) return void origin.destroy()
  const lines = ['HTTP/1.1 101 Switching Protocols', 'connection: Upgrade', 'upgrade: websocket']
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`)
  client.setTimeout(0)
  client.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  client.on('error', () => origin.destroy())
  origin.on('error', () => client.destroy())
  client.on('close', () => origin.destroy())
  origin.on('close', () => client.destroySoon())
  client.pipe(origin)
  origin.pipe(client)
}
