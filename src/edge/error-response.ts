import { STATUS_CODES } from 'node:http'
import type { EdgeResponse } from '../http.ts'

/** A short page with the status alone: nothing of the request and nothing of the inside. */
export function statusPage(status: number, extraHeaders: readonly string[] = []): EdgeResponse {
  const bytes = Buffer.from(`${status} ${STATUS_CODES[status] ?? 'Error'}\n`)
  const headers = [
    'content-type',
    'text/plain; charset=utf-8',
    'cache-control',
    'no-store',
    'content-length',
    String(bytes.length),
  ]
  return { status, headers: [...headers, ...extraHeaders], body: { kind: 'bytes', bytes } }
}
