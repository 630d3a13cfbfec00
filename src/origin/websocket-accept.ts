import { createHash } from 'node:crypto'
import { type EdgeRequest, findHeader } from '../http.ts'

/** RFC 6455 §1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** The Sec-WebSocket-Accept that proves that the origin has understood this handshake; `undefined` for other requests. */
export function expectedAccept({ upgrade, headers }: EdgeRequest): string | undefined {
  if (upgrade !== 'websocket') return undefined
  const key = findHeader(headers, 'sec-websocket-key') ?? ''
  return createHash('sha1').update(`${key}${GUID}`).digest('base64')
}
