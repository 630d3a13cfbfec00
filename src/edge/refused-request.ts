import { toEdgeError } from '../errors.ts'
import type { Endpoint, RawHeaders } from '../http.ts'
import { decodeBody } from './decode-body.ts'
import type { Generation } from './generation.ts'
import { parseAuthority } from './host.ts'
import { Inspection } from './inspection.ts'
import { joinContentTypes } from './join-content-types.ts'
import type { Refusal } from './request-head.ts'

const MAX_DECODED_BYTES = 262_144

/** What could be read of a message that is no request, for the record alone. */
export interface RefusedRequest {
  /** As it came, where it came as a line. */
  readonly requestLine?: string
  readonly method: string
  readonly target: string
  readonly protocol: string
  readonly headers: RawHeaders
  readonly body: Buffer
  readonly client: Endpoint
  readonly server: Endpoint
  readonly secure: boolean
}

/**
 * Records what was refused before it became a request: phases 1, 2 and 5 run in observation, rule ids are logged, and the
 * access log gets its record. Nothing of it reaches an origin: there is no exchange and no clearance. Never rejects.
 */
export async function recordRefused(refused: RefusedRequest, refusal: Refusal, edge: Generation): Promise<void> {
  const { client, server, method, target, protocol, secure } = refused
  const headers = joinContentTypes(refused.headers)
  const host = headers.find((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === 'host') ?? ''
  const notes = {
    verdict: 'refused' as const,
    ruleIds: [],
    origin: undefined,
    originMs: undefined,
    wafMs: undefined,
    errorCode: 'ACME_EDGE_REQUEST_REFUSED',
    error: refusal.reason,
  }
  const request = {
    id: edge.reader.nextId(),
    receivedAtMs: edge.reader.now(),
    client,
    peer: client,
    forwardedFor: [],
    forwardedHost: undefined,
    server,
    method,
    target,
    receivedTarget: target,
    ...(refused.requestLine === undefined ? {} : { requestLine: refused.requestLine }),
    targetForm: 'origin' as const,
    protocol: protocol as 'HTTP/1.1', // as received: it is only logged
    headers,
    secure,
    host: parseAuthority(host)?.host ?? ('' as never), // no canonical host: the record says so by an empty one
    authority: host,
    framing: { kind: 'none' as const },
    upgrade: undefined,
  }
  try {
    const inspection = new Inspection(request, { rules: edge.rules, notes, log: edge.ruleLog })
    await inspection.observe(await readable(refused))
    await inspection.close()
  } catch (error) {
    notes.error = `${refusal.reason}; the WAF failed: ${toEdgeError(error).message}`
  }
  notes.verdict = 'refused'
  edge.accessLog.write({
    request,
    notes,
    status: refusal.status,
    requestBytes: refused.body.length,
    responseBytes: 0,
    durationMs: 0,
  })
}

/** Decompressed where that is possible; it is only looked at. */
function readable({ body, headers }: RefusedRequest): Promise<Buffer> {
  return decodeBody(body, headers, MAX_DECODED_BYTES).catch(() => body)
}
