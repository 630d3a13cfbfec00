import { EdgeError } from '../errors.ts'

const timeouts = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'])
const unreachable = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** What a failure at the origin means to the client: 504 for time, 502 for the rest; the cause stays in the log. */
export function originError(error: Error): Error {
  if (error instanceof EdgeError) return error
  const code = codeOf(error)
  if (timeouts.has(code))
    return new EdgeError('ACME_EDGE_ORIGIN_TIMEOUT', `the origin did not answer in time (${code})`, { cause: error })
  if (isUnreachable(error)) return new EdgeError('ACME_EDGE_ORIGIN_UNREACHABLE', describe(error), { cause: error })
  return new EdgeError('ACME_EDGE_ORIGIN_FAILED', describe(error), { cause: error })
}

/** Whether the request cannot have reached the origin, so that another one may be tried. */
export function isUnreachable(error: Error): boolean {
  const code = codeOf(error)
  return unreachable.has(code) || code.startsWith('CERT_') || /^(?:DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)
}

/** Whether an idle connection was closed under the request: safe to repeat when the request itself is. */
export function isStaleConnection(error: Error): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function describe(error: Error): string {
  const code = codeOf(error)
  return code === '' ? error.message : `${error.message} (${code})`
}
