import { type BenchRequest, plainResponse } from './bench-request.ts'
import { browserHeaders } from './browser-headers.ts'
import type { Values } from './values.ts'

/** A POST from a browser, with this body. */
export function postRequest(values: Values, { type, body }: { type: string; body: string }): BenchRequest {
  const bytes = Buffer.from(body, 'latin1')
  return {
    method: 'POST',
    target: `/orders?step=${values.digits(9)}`,
    headers: [...browserHeaders(values), 'Content-Type', type, 'Content-Length', String(bytes.length)],
    body: bytes,
    response: plainResponse,
  }
}
