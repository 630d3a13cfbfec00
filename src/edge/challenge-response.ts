import type { EdgeResponse } from '../http.ts'

/** RFC 8555 §8.3: the key authorization alone, without a newline; nothing in it comes from the request. */
export function challengeResponse(keyAuthorization: string): EdgeResponse {
  const bytes = Buffer.from(keyAuthorization, 'latin1')
  const headers = [
    'content-type',
    'application/octet-stream',
    'cache-control',
    'no-store',
    'content-length',
    String(bytes.length),
  ]
  return { status: 200, headers, body: { kind: 'bytes', bytes } }
}
