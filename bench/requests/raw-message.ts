import type { BenchRequest } from './bench-request.ts'

/** The bytes of an HTTP/1.1 request. */
export function rawMessage({ method, target, headers, body }: BenchRequest, { close }: { close: boolean }): Buffer {
  let head = `${method} ${target} HTTP/1.1\r\n`
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
  if (close) head += 'Connection: close\r\n'
  const bytes = Buffer.from(`${head}\r\n`, 'latin1')
  return body === undefined ? bytes : Buffer.concat([bytes, body])
}
