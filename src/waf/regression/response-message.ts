/** What of a response a test can look at. */
export interface ResponseMessage {
  readonly status: number
  readonly location: string | undefined
  /** All of it, as a one-byte string. */
  readonly text: string
  /** `partial`: more has to come, or the end of the connection. */
  readonly state: 'complete' | 'partial'
}

export interface ResponseContext {
  /** Of the request: HEAD is answered without a body (RFC 9112 §6.3). */
  readonly method: string
}

/**
 * Reads a response as far as it has come; `undefined` before the end of its head, and for what is not HTTP at all.
 * Interim responses (1xx) are passed over.
 */
export function readResponse(bytes: Buffer, context: ResponseContext): ResponseMessage | undefined {
  const text = bytes.toString('latin1')
  for (let start = 0; ; ) {
    const end = text.indexOf('\r\n\r\n', start)
    const [, code] = /^HTTP\/1\.[01] (\d{3})(?: |\r)/.exec(text.slice(start, start + 64)) ?? []
    if (end === -1 || code === undefined) return undefined
    const status = Number(code)
    const head = text.slice(start, end + 2)
    if (status >= 200 || status === 101) {
      const body = text.slice(end + 4)
      const state = hasWholeBody(head, body, { status, ...context }) ? 'complete' : 'partial'
      return { status, location: fieldOf(head, 'location'), text: text.slice(start), state }
    }
    start = end + 4
  }
}

function hasWholeBody(head: string, body: string, { status, method }: ResponseContext & { status: number }): boolean {
  if (method === 'HEAD' || status === 101 || status === 204 || status === 304) return true
  if (fieldOf(head, 'transfer-encoding') !== undefined) return /(?:^|\r\n)0\r\n\r\n$/.test(body)
  const length = fieldOf(head, 'content-length')
  return length !== undefined && body.length >= Number(length)
}

function fieldOf(head: string, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}:[\\t ]*([^\\r]*?)[\\t ]*\\r\\n`, 'i').exec(head)?.[1]
}
