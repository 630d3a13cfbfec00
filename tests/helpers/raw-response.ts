export interface RawResponse {
  readonly status: number
  readonly version: string
  /** Name, value pairs as received. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
  /** Status line and headers, as received, without the final empty line. */
  readonly headText: string
}

/** Values of a response header, in order, whatever the case of its name. */
export function headerValues(
  response: { headers: readonly (readonly [string, string])[] } | undefined,
  name: string,
): string[] {
  return (response?.headers ?? []).filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

/** Reads one whole HTTP/1 response from the front of the bytes; `undefined` while some of it is missing. */
export function parseResponse(
  bytes: Buffer,
  options: { head: boolean; ended: boolean },
): { response: RawResponse; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const headText = bytes.toString('latin1', 0, headEnd)
  const [statusLine = '', ...lines] = headText.split('\r\n')
  const [, version = '', code = '0'] = /^(HTTP\/\d\.\d) (\d{3})/.exec(statusLine) ?? []
  const headers = lines.map(splitHeader)
  const status = Number(code)
  const start = headEnd + 4
  const bodiless = options.head || status < 200 || status === 204 || status === 304
  const found = bodiless
    ? { body: Buffer.alloc(0), end: start }
    : readBody(bytes, start, { headers, ended: options.ended })
  if (!found) return undefined
  return { response: { status, version, headers, body: found.body, headText }, length: found.end }
}

function splitHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).trim()]
}

function readBody(
  bytes: Buffer,
  start: number,
  context: { headers: readonly (readonly [string, string])[]; ended: boolean },
): { body: Buffer; end: number } | undefined {
  const [encoding] = headerValues(context, 'transfer-encoding')
  const [length] = headerValues(context, 'content-length')
  if (encoding !== undefined) return readChunks(bytes, start)
  if (length !== undefined) {
    const end = start + Number(length)
    return bytes.length >= end ? { body: bytes.subarray(start, end), end } : undefined
  }
  return context.ended ? { body: bytes.subarray(start), end: bytes.length } : undefined
}

/** Reads a chunked body without extensions; trailers are skipped. Undefined while incomplete. */
export function readChunks(bytes: Buffer, start: number): { body: Buffer; end: number } | undefined {
  const parts: Buffer[] = []
  let at = start
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    at = lineEnd + 2
    if (size === 0) break
    if (bytes.length < at + size + 2) return undefined
    parts.push(bytes.subarray(at, at + size))
    at += size + 2
  }
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    if (lineEnd === at) return { body: Buffer.concat(parts), end: at + 2 }
    at = lineEnd + 2
  }
}
