import type { ClearedBody } from '../clearance.ts'
import type { EdgeRequest, RawHeaders } from '../http.ts'
import { connectionOptions, firstLetterTest, isHopByHop, mayBeHopByHop } from './hop-by-hop.ts'

/** Fields by which origins learn of the client: the edge alone says them. */
const forwarding = /^(?:x-forwarded-.*|x-real-ip|forwarded)$/
const mayBeReplaced = firstLetterTest(['x-forwarded-', 'x-real-ip', 'forwarded', 'host'])

/**
 * The fields that go to the origin: the client's, raw and in their order, without what belongs to its connection; then
 * what the edge says of the client. Host is unchanged.
 */
export function originHeaders(request: EdgeRequest, body: ClearedBody): string[] {
  const { headers } = request
  const options = connectionOptions(headers)
  const out: string[] = ['host', request.authority]
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string // even index of a pair list
    if (options !== undefined || mayBeHopByHop(name) || mayBeReplaced(name)) {
      const lower = name.toLowerCase()
      if (lower === 'host' || isHopByHop(lower, options) || forwarding.test(lower)) continue
    }
    out.push(name, headers[i + 1] ?? '')
  }
  if (body.kind === 'stream' && body.lengthBytes !== undefined) out.push('content-length', String(body.lengthBytes))
  if (body.kind === 'none' && request.framing.kind === 'length') out.push('content-length', '0')
  addForwarding(out, request)
  return out
}

function addForwarding(out: string[], request: EdgeRequest): void {
  const { address } = request.client
  const host = request.forwardedHost ?? request.authority
  const scheme = request.secure ? 'https' : 'http'
  const hops = request.forwardedFor
  out.push('x-forwarded-for', hops.length === 0 ? request.peer.address : [...hops, request.peer.address].join(', '))
  out.push('x-forwarded-host', host, 'x-forwarded-proto', scheme, 'x-real-ip', address)
  const node = address.includes(':') ? `"[${address}]"` : address
  out.push('forwarded', `for=${node};host="${host}";proto=${scheme}`)
}

/** The fields of an origin's response that go on to the client. */
export function responseHeaders(headers: RawHeaders, status: number): string[] {
  const options = connectionOptions(headers)
  const isWithoutLength = status < 200 || status === 204 // RFC 9110 §8.6: a reader that believes it would wait for a body
  const out: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string // even index of a pair list
    if (options !== undefined || mayBeHopByHop(name)) {
      const lower = name.toLowerCase()
      if (lower === 'content-length' ? isWithoutLength : isHopByHop(lower, options)) continue
    }
    out.push(name, headers[i + 1] ?? '')
  }
  return out
}
