import type { BodyFraming, EdgeRequest, Endpoint, RawHeaders } from '../http.ts'
import type { ClientAddress } from './client-address.ts'
import { parseAuthority } from './host.ts'
import { joinContentTypes } from './join-content-types.ts'
import { type Refusal, refusal } from './request-head.ts'
import { readTarget } from './request-target.ts'

/** What the protocol adapters know of a request before it is judged. */
export interface ReceivedHead {
  readonly protocol: EdgeRequest['protocol']
  readonly secure: boolean
  readonly method: string
  readonly rawTarget: string
  readonly headers: RawHeaders
  readonly framing: BodyFraming
  readonly upgrade?: 'websocket'
  readonly peer: Endpoint
  readonly server: Endpoint
}

export interface RequestReader {
  readonly nextId: () => string
  readonly now: () => number
  readonly clientAddress: (peer: Endpoint, headers: RawHeaders) => ClientAddress
}

/** Turns a received head into a request, or says why it is none: one host, a target that fits it, a method that can be proxied. */
export function readRequest(head: ReceivedHead, reader: RequestReader): EdgeRequest | Refusal {
  if (head.method === 'CONNECT' || head.method === 'TRACE') return refusal(405, `${head.method} is not proxied`)
  const authority = singleHost(head.headers)
  if (authority === undefined) return refusal(400, 'not exactly one Host')
  const parsed = parseAuthority(authority)
  if (parsed === undefined) return refusal(400, 'malformed Host')
  const target = readTarget(head.method, head.rawTarget, authority)
  if (target.kind === 'refusal') return target
  const { client, forwardedFor, scheme, forwardedHost } = reader.clientAddress(head.peer, head.headers)
  return {
    id: reader.nextId(),
    receivedAtMs: reader.now(),
    protocol: head.protocol,
    secure: scheme === undefined ? head.secure : scheme === 'https',
    method: head.method,
    target: target.target,
    receivedTarget: head.rawTarget,
    targetForm: target.form,
    host: parsed.host,
    authority,
    headers: joinContentTypes(head.headers),
    client,
    peer: head.peer,
    forwardedFor,
    forwardedHost,
    server: head.server,
    framing: head.framing,
    upgrade: head.upgrade,
  }
}

function singleHost(headers: RawHeaders): string | undefined {
  let found: string | undefined
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string // even index of a pair list
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue
    if (found !== undefined) return undefined
    found = headers[i + 1]
  }
  return found
}
