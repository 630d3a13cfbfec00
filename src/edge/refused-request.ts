import { toEdgeError } from '../errors.ts'
import type { Endpoint, RawHeaders } from '../http.ts'
import type { Generation } from './generation.ts'
import { parseAuthority } from './host.ts'
import { Inspection } from './inspection.ts'
import type { Refusal } from './request-head.ts'

/** What could be read of a message that is no request, for the record alone. */
export interface RefusedHead {
  readonly method: string
  readonly target: string
  readonly protocol: string
  readonly headers: RawHeaders
  readonly client: Endpoint
  readonly server: Endpoint
  readonly secure: boolean
}

/**
 * Records what was refused before it became a request: phases 1, 2 and 5 run in observation, rule ids are logged, and the
 * access log gets its record. Nothing of it reaches an origin: there is no exchange and no clearance. Never rejects.
 */
export async function recordRefused(head: RefusedHead, refusal: Refusal, edge: Generation): Promise<void> {
  const { client, server, method, target, protocol, headers, secure } = head
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
    targetForm: 'origin' as const,
    protocol: protocol as 'HTTP/1.1', // as received: it is only logged
    headers,
    secure,
    host: parseAuthority(host)?.host ?? ('' as never), // no canonical host: the record says so by an empty one
    authority: host,
    framing: { kind: 'none' as const },
    upgrade: undefined,
  }
  edge.occupancy.enter()
  try {
    const inspection = new Inspection(request, { rules: edge.rules, notes, log: edge.ruleLog })
    await inspection.observe()
    await inspection.close()
  } catch (error) {
    notes.error = `${refusal.reason}; the WAF failed: ${toEdgeError(error).message}`
  }
  notes.verdict = 'refused'
  edge.accessLog.write({ request, notes, status: refusal.status, requestBytes: 0, responseBytes: 0, durationMs: 0 })
  edge.occupancy.leave()
}

/** Reads as much of a broken head as there is: the first line's parts and every line with a colon. */
export function readBrokenHead(text: string): Pick<RefusedHead, 'method' | 'target' | 'protocol' | 'headers'> {
  const [first = '', ...lines] = text.split(/\r\n|\n|\r/)
  const end = lines.indexOf('')
  const headers = (end === -1 ? lines : lines.slice(0, end)).flatMap((line) => {
    const colon = line.indexOf(':')
    return colon > 0 ? [line.slice(0, colon), line.slice(colon + 1).trim()] : []
  })
  const [method = '', ...rest] = first.split(' ')
  const protocol = rest.length > 1 ? (rest.pop() ?? '') : ''
  return { method, target: rest.join(' '), protocol, headers }
}
