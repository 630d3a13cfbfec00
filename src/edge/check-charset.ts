import { EdgeError } from '../errors.ts'
import type { RawHeaders } from '../http.ts'
import { isReadableCharset } from '../waf/bodies/readable-charset.ts'

/** Throws EdgeError ACME_EDGE_REQUEST_CODING (415) when a request's body could not be inspected whatever it holds. */
export function checkCharset(headers: RawHeaders): void {
  for (let i = 0; i < headers.length; i += 2) {
    if ((headers[i] ?? '').toLowerCase() !== 'content-type' || isReadableCharset(headers[i + 1] ?? '')) continue
    throw new EdgeError('ACME_EDGE_REQUEST_CODING', 'a character set that the WAF cannot read')
  }
}
