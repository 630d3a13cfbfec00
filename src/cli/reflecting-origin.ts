import type { Clearance, ClearedBody } from '../clearance.ts'
import type { Sites } from '../edge/sites.ts'
import { EdgeError } from '../errors.ts'
import type { BodyStream, EdgeResponse } from '../http.ts'
import type { ForwardedRequest } from '../origin/origins.ts'

/**
 * The origin that tests of rules are written for, in memory: any path is answered 200 without a body, and `POST /reflect`
 * with the status, fields and body that its JSON asks for.
 */
export function reflectingSites(): Sites {
  const origins = { forward, close: async () => undefined }
  return { find: () => ({ kind: 'origin', origins }), close: async () => undefined }
}

function forward(clearance: Clearance): ForwardedRequest {
  const { request, body } = clearance.spend()
  const reflects = request.method === 'POST' && /^\/reflect\/?(?:\?|$)/.test(request.target)
  const response = readBody(body).then((bytes) => (reflects ? reflect(bytes) : answer(200, [], Buffer.alloc(0))))
  return { response, abort: () => undefined, origin: 'in memory' }
}

async function readBody(body: ClearedBody): Promise<Buffer> {
  if (body.kind === 'none') return Buffer.alloc(0)
  if (body.kind === 'bytes') return body.bytes
  const chunks: Buffer[] = []
  for await (const chunk of body.stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** The response that a body of `POST /reflect` asks for. Throws EdgeError ACME_EDGE_ORIGIN_FAILED for one that is no JSON. */
export function reflect(bytes: Buffer): EdgeResponse {
  const { status, headers, body, encodedBody } = parseWish(bytes)
  const content = encodedBody === undefined ? Buffer.from(body ?? '') : Buffer.from(encodedBody, 'base64')
  const fields = Object.entries(headers ?? {}).flat()
  const isTyped = fields.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-type')
  return answer(
    status ?? 200,
    isTyped || content.length === 0 ? fields : [...fields, 'Content-Type', sniffType(content)],
    content,
  )
}

interface Wish {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly encodedBody?: string
}

/** A wish that cannot be read is a mistake in the test: the origin breaks off, and the client sees 502. */
function parseWish(bytes: Buffer): Wish {
  try {
    return JSON.parse(bytes.toString()) as Wish // written by the author of the test, for this origin
  } catch (cause) {
    throw new EdgeError('ACME_EDGE_ORIGIN_FAILED', 'POST /reflect with a body that is not JSON', { cause })
  }
}

/** What the first bytes look like, as the MIME Sniffing Standard §7.1 says for HTML, XML, text and anything else. */
function sniffType(content: Buffer): string {
  const start = content.toString('latin1', 0, 512)
  const tag = start.trimStart().toLowerCase()
  if (/^<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[ >]/.test(tag)) {
    return 'text/html; charset=utf-8'
  }
  if (tag.startsWith('<?xml')) return 'text/xml; charset=utf-8'
  const isBinary = /[^\t\n\f\r\x1b\x20-\xff]/.test(start)
  return isBinary ? 'application/octet-stream' : 'text/plain; charset=utf-8'
}

function answer(status: number, headers: readonly string[], content: Buffer): EdgeResponse {
  const all = [...headers, 'Content-Length', String(content.length)]
  return { status, headers: all, body: { kind: 'stream', stream: streamOf(content) } }
}

/** As a response from a network comes: the WAF has to collect it. */
function streamOf(content: Buffer): BodyStream {
  return { pipe: (sink) => sink.end(content), resume: () => undefined, abort: () => undefined }
}
