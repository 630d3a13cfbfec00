import type { IncomingMessage } from 'node:http'
import { accountOrders, accountResource, newAccount } from './accounts.ts'
import { authorizationResource, challengeResource } from './authorizations.ts'
import { finalizeResource } from './finalize.ts'
import { certificateResource, revokeCertificate } from './issued-certificates.ts'
import { keyChange } from './key-change.ts'
import { newOrder, orderResource } from './orders.ts'
import { Problem, problemDocument } from './problem.ts'
import type { Ca, Reply, Resource } from './resource.ts'
import { authenticate } from './signed-request.ts'

/** The first segment of an address names the resource; `one` has an id as second segment, `single` has none. */
const resources: Readonly<Record<'single' | 'one', Readonly<Record<string, Resource>>>> = {
  single: {
    'new-account': newAccount,
    'new-order': newOrder,
    'revoke-cert': revokeCertificate,
    'key-change': keyChange,
  },
  one: {
    account: accountResource,
    'account-orders': accountOrders,
    order: orderResource,
    finalize: finalizeResource,
    authorization: authorizationResource,
    challenge: challengeResource,
    certificate: certificateResource,
  },
}

const maxBodyBytes = 65_536

/** Answers one request; refusals become problem documents, defects `serverInternal` and a call of `onFault`. */
export async function answer(request: IncomingMessage, ca: Ca, onFault: (error: unknown) => void): Promise<Reply> {
  try {
    return await dispatch(request, ca)
  } catch (error) {
    if (!(error instanceof Problem) && !request.destroyed) onFault(error) // a client that went away is no fault
    const problem = error instanceof Problem ? error : new Problem('serverInternal', 'the request failed')
    const headers = { ...problem.options.headers, 'content-type': 'application/problem+json' }
    return { status: problem.status, headers, body: problemDocument(problem) }
  }
}

async function dispatch(request: IncomingMessage, ca: Ca): Promise<Reply> {
  const path = request.url ?? ''
  const base = new URL(ca.urls.base)
  // A page that rebinds its own name to 127.0.0.1 would be of the same origin as the server: its Host gives it away.
  if (request.headers.host !== base.host) throw new Problem('malformed', 'unknown host', { status: 421 })
  if (path === '/directory' || path === '/new-nonce') return readOnly(request, path, ca)
  const [, name = '', id = ''] = /^\/([a-z-]+)(?:\/([\w-]{1,64}))?$/.exec(path) ?? []
  const table = id === '' ? resources.single : resources.one
  const resource = Object.hasOwn(table, name) ? table[name] : undefined
  if (!resource) throw new Problem('malformed', 'there is no such resource', { status: 404 })
  requireMethod(request, ['POST'])
  // Browsers cannot send this type to another origin without asking first, and the server never consents.
  if (request.headers['content-type'] !== 'application/jose+json') {
    throw new Problem('malformed', 'send application/jose+json', { status: 415 })
  }
  const signed = await authenticate(await readBody(request), `${ca.urls.base}${path}`, ca)
  return resource(signed, id, ca)
}

/** Directory (RFC 8555 §7.1.1) and newNonce (§7.2): the only resources that are read without a signature. */
function readOnly(request: IncomingMessage, path: string, ca: Ca): Reply {
  requireMethod(request, ['GET', 'HEAD'])
  if (path === '/new-nonce') return { status: request.method === 'HEAD' ? 200 : 204 }
  const { newNonce, newAccount, newOrder, revokeCert, keyChange } = ca.urls
  return { status: 200, body: { newNonce, newAccount, newOrder, revokeCert, keyChange, meta: {} } }
}

function requireMethod(request: IncomingMessage, allowed: readonly string[]): void {
  if (allowed.includes(request.method ?? '')) return
  const headers = { allow: allowed.join(', ') }
  throw new Problem('malformed', `use ${allowed.join(' or ')}`, { status: 405, headers })
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  // The socket has to outlive a refusal, to carry it.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new Problem('malformed', `at most ${maxBodyBytes} bytes a request`, { status: 413 })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
