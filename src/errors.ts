/** Whose fault a failure is; the HTTP status follows from the code, never from the message. */
export type Side = 'client' | 'origin' | 'ca' | 'internal'

interface CodeEntry {
  readonly side: Side
  /** HTTP status that a client sees when the failure ends a request; 0 where it never does. */
  readonly status: number
  readonly meaning: string
}

/** Every code that acme-edge can report. `docs/errors.md` is tested against this table. */
export const errorCodes = {
  ACME_EDGE_REQUEST_REFUSED: {
    side: 'client',
    status: 400,
    meaning: 'the request is not HTTP as acme-edge accepts it',
  },
  ACME_EDGE_REQUEST_TIMEOUT: { side: 'client', status: 408, meaning: 'the request came too slowly' },
  ACME_EDGE_REQUEST_TOO_LARGE: { side: 'client', status: 413, meaning: 'the body is longer than the WAF may inspect' },
  ACME_EDGE_REQUEST_CODING: {
    side: 'client',
    status: 415,
    meaning: 'the body has a coding or character set that the WAF cannot look through',
  },
  ACME_EDGE_CLIENT_GONE: { side: 'client', status: 0, meaning: 'the client closed before the exchange was complete' },
  ACME_EDGE_LISTEN_FAILED: {
    side: 'internal',
    status: 0,
    meaning: 'an address cannot be listened on: in use, not allowed or not of this machine',
  },
  ACME_EDGE_LOG_UNWRITABLE: {
    side: 'internal',
    status: 0,
    meaning: 'a log file that the config names cannot be opened for writing',
  },
  ACME_EDGE_ALREADY_RUNNING: { side: 'internal', status: 0, meaning: 'another edge runs with the same store' },
  ACME_EDGE_CONTROL_FAILED: {
    side: 'internal',
    status: 0,
    meaning: 'the running edge could not carry out what it was asked for',
  },
  ACME_EDGE_SITE_UNKNOWN: { side: 'client', status: 421, meaning: 'no site is configured for the host' },
  ACME_EDGE_ORIGIN_UNREACHABLE: {
    side: 'origin',
    status: 502,
    meaning: 'no origin of the site accepts connections, or its TLS certificate is not trusted',
  },
  ACME_EDGE_ORIGIN_FAILED: {
    side: 'origin',
    status: 502,
    meaning: 'the origin broke off or answered something that is not HTTP',
  },
  ACME_EDGE_ORIGIN_BUSY: { side: 'origin', status: 503, meaning: 'all connections to the origin are in use' },
  ACME_EDGE_ORIGIN_TIMEOUT: { side: 'origin', status: 504, meaning: 'the origin did not answer in time' },
  ACME_EDGE_RESPONSE_TOO_LARGE: {
    side: 'origin',
    status: 502,
    meaning: 'the response is longer than the WAF may inspect, or has a coding that it cannot look through',
  },
  ACME_EDGE_WAF_FAILED: {
    side: 'internal',
    status: 503,
    meaning: 'the WAF failed or ran out of its budget: fails closed',
  },
  ACME_EDGE_CONFIG_INVALID: {
    side: 'internal',
    status: 0,
    meaning: 'edge.yaml says something that acme-edge cannot do; every problem is listed with its place',
  },
  ACME_EDGE_CONFIG_UNREADABLE: {
    side: 'internal',
    status: 0,
    meaning: 'the config file does not exist, is too large or cannot be read',
  },
  ACME_EDGE_USAGE: {
    side: 'internal',
    status: 0,
    meaning: 'the command line names a command, option or argument that does not exist or does not fit',
  },
  ACME_EDGE_STORE_UNSUPPORTED: {
    side: 'internal',
    status: 0,
    meaning:
      'edge.yaml names a store that cannot be used: a Redis older than 7, a node of a Redis Cluster, or a Sentinel',
  },
  ACME_EDGE_STORE_UNREADABLE: {
    side: 'internal',
    status: 0,
    meaning: 'the store cannot be read or reached, or a value in it is damaged beyond its last good copy',
  },
  ACME_EDGE_STORE_UNWRITABLE: {
    side: 'internal',
    status: 0,
    meaning:
      'the store cannot be written or reached: its owner, its permissions, the free space on its disk or in Redis',
  },
  ACME_EDGE_STORE_BUSY: {
    side: 'internal',
    status: 0,
    meaning: 'another acme-edge holds a lock of the store and did not release it in time',
  },
  ACME_EDGE_STORE_STALE: {
    side: 'internal',
    status: 0,
    meaning: 'a lock of the store was lost to another acme-edge, so that nothing is written under it any more',
  },
  ACME_EDGE_STORE_KEY_INVALID: {
    side: 'internal',
    status: 0,
    meaning: 'a name that cannot be a key of the store (a defect, or a certificate name with forbidden characters)',
  },
  ACME_EDGE_ACME_NAME_INVALID: {
    side: 'internal',
    status: 0,
    meaning: 'a certificate cannot be ordered for this name: neither a host name nor an address, or a wildcard',
  },
  ACME_EDGE_ACME_PROFILE_UNKNOWN: {
    side: 'internal',
    status: 0,
    meaning: 'the CA does not offer the profile that was asked for',
  },
  ACME_EDGE_ACME_CSR_INVALID: {
    side: 'internal',
    status: 0,
    meaning: 'the file of --csr cannot be read, or is no certificate signing request',
  },
  ACME_EDGE_ACME_NOT_CONFIGURED: {
    side: 'internal',
    status: 0,
    meaning: 'edge.yaml has no acme section, so there is no CA to ask',
  },
  ACME_EDGE_ACME_ROOT_CA_UNREADABLE: {
    side: 'internal',
    status: 0,
    meaning: 'acme.root_ca names a file that cannot be read or holds no certificate',
  },
  ACME_EDGE_ACME_EAB_INVALID: {
    side: 'internal',
    status: 0,
    meaning: 'acme.eab names a file that cannot be read or holds no key',
  },
  ACME_EDGE_ACME_EAB_REQUIRED: {
    side: 'internal',
    status: 0,
    meaning: 'the CA registers accounts of its customers alone, and acme.eab is not set for it',
  },
  ACME_EDGE_ACME_ACCOUNT_MISSING: {
    side: 'internal',
    status: 0,
    meaning: 'the store holds no account of the CA',
  },
  ACME_EDGE_CERTIFICATE_UNREADABLE: {
    side: 'internal',
    status: 0,
    meaning: 'a file that a command was given cannot be read, or holds no certificate, no key or another format',
  },
  ACME_EDGE_CERTIFICATE_UNFIT: {
    side: 'internal',
    status: 0,
    meaning: 'certificate, key and chain that a command was given do not belong together, or must not be used',
  },
  ACME_EDGE_CERTIFICATE_UNWRITABLE: {
    side: 'internal',
    status: 0,
    meaning: 'a file that a command is to write a certificate to cannot be written, or is no regular file',
  },
  ACME_EDGE_ACME_UNREACHABLE: {
    side: 'ca',
    status: 0,
    meaning: 'the CA does not answer: refused, reset, timed out, or its TLS certificate is not trusted',
  },
  ACME_EDGE_ACME_PROTOCOL: {
    side: 'ca',
    status: 0,
    meaning: 'the CA answered with something that is not ACME (RFC 8555)',
  },
  ACME_EDGE_ACME_REFUSED: { side: 'ca', status: 0, meaning: 'the CA refused; its problem document says why' },
  ACME_EDGE_ACME_RATE_LIMITED: {
    side: 'ca',
    status: 0,
    meaning: 'the CA wants no more requests for now; the details say when to try again',
  },
  ACME_EDGE_ACME_VALIDATION_FAILED: {
    side: 'ca',
    status: 0,
    meaning: 'the CA could not fetch the challenge of a host; the details name the host and the cause',
  },
  ACME_EDGE_ACME_DIAGNOSED: {
    side: 'internal',
    status: 0,
    meaning: 'issue --diagnose found what the CA would refuse, so nothing was ordered; the details have the findings',
  },
  ACME_EDGE_ACME_TIMEOUT: { side: 'ca', status: 0, meaning: 'the certificate was not issued within the time allowed' },
  ACME_EDGE_ACME_ABORTED: {
    side: 'internal',
    status: 0,
    meaning: 'issuance was interrupted; running it again resumes it',
  },
  ACME_EDGE_RULES_INVALID: {
    side: 'internal',
    status: 0,
    meaning: 'a rule file says something that the WAF cannot do; every problem is listed with its place',
  },
  ACME_EDGE_RULES_UNREADABLE: { side: 'internal', status: 0, meaning: 'a rule file does not exist or cannot be read' },
  ACME_EDGE_WAF_TESTS_INVALID: {
    side: 'internal',
    status: 0,
    meaning: "a file of rule tests is not in go-ftw's format; every problem is listed with its place",
  },
  ACME_EDGE_WAF_TESTS_UNREADABLE: {
    side: 'internal',
    status: 0,
    meaning: 'a file of rule tests or overrides, or the error log they are judged by, cannot be read',
  },
  ACME_EDGE_WAF_TESTS_UNMARKED: {
    side: 'internal',
    status: 0,
    meaning:
      'the marker of a rule test does not come up in the error log: another log, or no rule that logs X-CRS-Test',
  },
  ACME_EDGE_INTERNAL: { side: 'internal', status: 500, meaning: 'a defect in acme-edge; the log has the details' },
  ACME_EDGE_LOCALCA_CORRUPT: {
    side: 'internal',
    status: 0,
    meaning: 'a key or certificate of the local CA in the store is damaged, or the two do not belong together',
  },
  ACME_EDGE_LOCALCA_MISSING: { side: 'internal', status: 0, meaning: 'there is no local CA in the folder' },
  ACME_EDGE_LOCALCA_EXISTS: {
    side: 'internal',
    status: 0,
    meaning: 'there is a local CA in the folder, or a file where its root key is to go; neither is ever overwritten',
  },
  ACME_EDGE_LOCALCA_ROOTKEY: {
    side: 'internal',
    status: 0,
    meaning: "the local CA's root key cannot be used: no such file, a wrong passphrase, or the key of another root",
  },
  ACME_EDGE_LOCALCA_EXPIRED: {
    side: 'internal',
    status: 0,
    meaning: "the local CA's issuing certificate has ended and its root key is not there to renew it",
  },
} as const satisfies Record<string, CodeEntry>

export type ErrorCode = keyof typeof errorCodes

/** One thing wrong at one place of a file (edge.yaml, a rule file); lines and columns count from 1. */
export interface SourceProblem {
  readonly location: { readonly file: string; readonly line: number; readonly column: number }
  readonly message: string
  /** The source line, for the caret; without its newline. */
  readonly sourceLine: string
}

export interface EdgeErrorOptions {
  readonly cause?: unknown
  /** All that is wrong, where the failure is that of a file's text. Default: none. */
  readonly problems?: readonly SourceProblem[]
  /** What a machine may want to know beside the message (`--json` prints it); never a secret. Default: nothing. */
  readonly details?: Readonly<Record<string, unknown>>
  /** Overrides the table's status (a redirect of a rule, a limit with its own status). */
  readonly status?: number
}

/** The only error class that crosses folders: a code from the table, a side and, where there is one, a cause. */
export class EdgeError extends Error {
  readonly code: ErrorCode
  readonly side: Side
  readonly status: number
  readonly problems: readonly SourceProblem[]
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: EdgeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'EdgeError'
    this.code = code
    this.side = errorCodes[code].side
    this.status = options.status ?? errorCodes[code].status
    this.problems = options.problems ?? []
    this.details = options.details ?? {}
  }
}

/** Any thrown value as an EdgeError; what is none becomes ACME_EDGE_INTERNAL. */
export function toEdgeError(error: unknown): EdgeError {
  if (error instanceof EdgeError) return error
  return new EdgeError('ACME_EDGE_INTERNAL', error instanceof Error ? error.message : String(error), { cause: error })
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text)
}
