import type { IncomingMessage } from 'node:http'
import { accountOrders, accountResource, newAccount } from './accounts.ts'
import { authorizationResource, challengeResource } from './authorizations.ts'
import { finalizeResource } from './finalize.ts'
import { certificateResource, certificateWithRootResource, revokeCertificate } from './issued-certificates.ts'
import { keyChange } from './key-change.ts'
import { newOrder, orderResource } from './orders.ts'
import { Problem, problemDocument } from './problem.ts'
import { renewalInfo } from './renewal-info.ts'
import type { Ca, Reply, Resource } from './resource.ts'
import { revocationLists } from './revocation-lists.ts'
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
    'certificate-with-root': certificateWithRootResource,
  },
}

const maxBodyBytes = 65_536

/** Answers one request; refusals become problem documents, defects `serverInternal` and a call of `ca.onFault`. */
export async function answer(request: IncomingMessage, ca: Ca): Promise<Reply> {
  try {
    return await dispatch(request, ca)
  } catch (error) {
    if (!(error instanceof Problem) && !request.socket.destroyed) ca.onFault(error) // a client that went away is no fault
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
  const open = findOpen(path)
  if (open) {
    requireMethod(request, ['GET', 'HEAD'])
    return open(request, ca)
  }
  const [, name = '', id = ''] = /^\/([a-z-]+)(?:\/([\w-]{1,64}))?$/.exec(path) ?? []
  const table = id === '' ? resources.single : resources.one
  const resource = Object.hasOwn(table, name) ? table[name] : undefined
  if (!resource) throw new Problem('malformed', 'there is no such resource', { status: 404 })
  requireMethod(request, ['POST'])
  // Browsers cannot send this type to another origin without asking first, and the server never consents.
  if (request.headers['content-type'] !== 'application/jose+json') {
    throw new Problem('malformed', 'send application/jose+json', { status: 415 })
  }
  const client = request.socket.remoteAddress ?? ''
  const signed = await authenticate({ body: await readBody(request), url: `${ca.urls.base}${path}`, client }, ca)
  return resource(signed, id, ca)
}

type OpenResource = (request: IncomingMessage, ca: Ca) => Reply | Promise<Reply>

/** What is read without a signature: it is the same for all, and public. */
const openResources: Readonly<Record<string, OpenResource>> = {
  '/directory': (_request, ca) => ({ status: 200, body: directory(ca) }),
  // RFC 8555 §7.2.
  '/new-nonce': ({ method }) => ({ status: method === 'HEAD' ? 200 : 204 }),
  '/crl': (_request, ca) => revocationLists(ca),
  '/root.pem': (_request, ca) => ({ status: 200, body: ca.authority.rootPem }),
}

function findOpen(path: string): OpenResource | undefined {
  if (Object.hasOwn(openResources, path)) return openResources[path]
  const prefix = '/renewal-info/'
  return path.startsWith(prefix) ? (_request, ca) => renewalInfo(path.slice(prefix.length), ca) : undefined
}

/** RFC 8555 §7.1.1, with `renewalInfo` (RFC 9773 §3) and `profiles` (draft-ietf-acme-profiles). */
function directory({ urls, profiles, externalAccounts }: Ca): object {
  const { newNonce, newAccount, newOrder, revokeCert, keyChange, renewalInfo } = urls
  const described = Object.entries(profiles).map(([name, { description }]) => [name, description])
  const meta = { profiles: Object.fromEntries(described), ...(externalAccounts && { externalAccountRequired: true }) }
  return { newNonce, newAccount, newOrder, revokeCert, keyChange, renewalInfo, meta }
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
