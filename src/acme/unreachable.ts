import { EdgeError } from '../errors.ts'

const tlsAdvice =
  "its TLS certificate is not trusted: set acme.root_ca to the CA's root (PEM), or check the clock of this machine"

const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is the CA running, and is acme.directory right?',
  ECONNRESET: 'the connection was reset: try again, or check what lies between this machine and the CA',
  UND_ERR_SOCKET: 'the connection was closed before the answer: try again',
  ENOTFOUND: 'the name does not resolve: check acme.directory and the DNS of this machine',
  EAI_AGAIN: 'the name does not resolve at present: check the DNS of this machine',
  ENETUNREACH: 'there is no route to it: check the network of this machine',
  EHOSTUNREACH: 'there is no route to it: check the network of this machine',
  ETIMEDOUT: 'it does not answer: check the network of this machine',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer: check the network of this machine',
  UND_ERR_HEADERS_TIMEOUT: 'it took the request and did not answer in time: try again later',
  UND_ERR_BODY_TIMEOUT: 'its answer stopped half-way: try again later',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another name: check acme.directory',
  CERT_HAS_EXPIRED: tlsAdvice,
  CERT_NOT_YET_VALID: tlsAdvice,
  DEPTH_ZERO_SELF_SIGNED_CERT: tlsAdvice,
  SELF_SIGNED_CERT_IN_CHAIN: tlsAdvice,
  UNABLE_TO_GET_ISSUER_CERT: tlsAdvice,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: tlsAdvice,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: tlsAdvice,
}

/** The error of a request that got no answer: where to, the system's word for it, and what to check. */
export function unreachable(url: string, cause: unknown): EdgeError {
  const code = errnoOf(cause)
  const reason = code || (cause instanceof Error ? cause.message : String(cause))
  const message = `the CA at ${originOf(url)} cannot be reached (${reason}): ${advice[code] ?? 'check acme.directory'}`
  return new EdgeError('ACME_EDGE_ACME_UNREACHABLE', message, { cause, details: { reason, url } })
}

function originOf(url: string): string {
  return URL.parse(url)?.host ?? url
}

function errnoOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return errnoOf(error.errors[0])
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}
