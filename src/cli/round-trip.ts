import type { Duplex } from 'node:stream'
import type { StageAnswer } from '../waf/regression/judge.ts'
import { readResponse } from '../waf/regression/response-message.ts'

/**
 * Sends bytes and takes the first response that comes back, whole, or what there is of it when the connection ends. The
 * connection stays as it is.
 */
export function roundTrip(connection: Duplex, bytes: Buffer, timeoutMs: number): Promise<StageAnswer> {
  const method = bytes.toString('latin1', 0, 16).split(' ', 1)[0] ?? ''
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const finish = (reason: string) => {
      clearTimeout(timer)
      const response = readResponse(Buffer.concat(chunks), { method })
      resolve(response === undefined ? { kind: 'none', reason } : { kind: 'response', response })
    }
    const timer = setTimeout(() => finish(`no whole answer within ${timeoutMs} ms`), timeoutMs)
    connection.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (readResponse(Buffer.concat(chunks), { method })?.state === 'complete') finish('')
    })
    connection.on('end', () => finish('the connection ended without an answer in HTTP'))
    connection.on('error', (error) => finish(`the connection failed: ${error.message}`))
    connection.write(bytes)
  })
}
