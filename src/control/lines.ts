import type { Socket } from 'node:net'
import { MAX_LINE_BYTES } from './protocol.ts'

/** Calls back with every complete line; a line beyond the limit ends the connection. */
export function readLines(socket: Socket, onLine: (line: string) => void): void {
  let rest = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (!socket.destroyed) onLine(line)
    if (rest.length > MAX_LINE_BYTES) socket.destroy()
  })
}
