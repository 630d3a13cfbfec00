import { type IncomingMessage, request } from 'node:http'
import { Problem } from './problem.ts'

export interface Http01Check {
  readonly host: string
  readonly token: string
  readonly keyAuthorization: string
  /** Where port 80 would be; always on 127.0.0.1, the only place that a local name can point to. */
  readonly port: number
  readonly signal: AbortSignal
}

const timeoutMs = 5_000
/** A key authorization is under 200 bytes; the bound keeps a hostile server from feeding the validator forever. */
const maxBodyBytes = 1_024

/**
 * Fetches the challenge's resource over plain HTTP and compares it (RFC 8555 §8.3); throws `connection` or
 * `incorrectResponse`. Redirects are not followed: the only host is this machine. Nothing of the response is quoted back.
 */
export async function validateHttp01(check: Http01Check): Promise<void> {
  const identifier = { type: 'dns', value: check.host }
  const url = `http://${check.host}:${check.port}/.well-known/acme-challenge/${check.token}`
  const response = await fetchChallenge(check).catch((error: NodeJS.ErrnoException) => {
    throw new Problem('connection', `${url}: ${error.code ?? error.name}`, { identifier })
  })
  if (response.status !== 200) {
    throw new Problem('incorrectResponse', `${url}: status ${response.status}, expected 200`, { identifier })
  }
  // Whitespace at the end is ignored, as the RFC asks.
  if (response.body.trimEnd() !== check.keyAuthorization) {
    throw new Problem('incorrectResponse', `${url}: the body is not the key authorization`, { identifier })
  }
}

function fetchChallenge(check: Http01Check): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  const outgoing = request({
    host: '127.0.0.1',
    port: check.port,
    path: `/.well-known/acme-challenge/${check.token}`,
    headers: { host: `${check.host}:${check.port}`, 'user-agent': 'acme-edge-local-ca', accept: '*/*' },
    agent: false,
    maxHeaderSize: 16_384,
    signal: AbortSignal.any([check.signal, AbortSignal.timeout(timeoutMs)]),
  })
  outgoing.on('error', reject)
  outgoing.on('response', (response) => {
    const status = response.statusCode ?? 0
    readBody(response).then((body) => resolve({ status, body }), reject)
  })
  outgoing.end()
  return promise
}

async function readBody(response: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of response.setEncoding('latin1')) {
    body += chunk
    if (body.length > maxBodyBytes) break // what is cut off cannot match; leaving the loop destroys the socket
  }
  return body
}
