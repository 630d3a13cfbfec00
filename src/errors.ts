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
  ACME_EDGE_INTERNAL: { side: 'internal', status: 500, meaning: 'a defect in acme-edge; the log has the details' },
} as const satisfies Record<string, CodeEntry>

export type ErrorCode = keyof typeof errorCodes

export interface EdgeErrorOptions {
  readonly cause?: unknown
  /** Overrides the table's status (a redirect of a rule, a limit with its own status). */
  readonly status?: number
}

/** The only error class that crosses folders: a code from the table, a side and, where there is one, a cause. */
export class EdgeError extends Error {
  readonly code: ErrorCode
  readonly side: Side
  readonly status: number

  constructor(code: ErrorCode, message: string, options: EdgeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'EdgeError'
    this.code = code
    this.side = errorCodes[code].side
    this.status = options.status ?? errorCodes[code].status
  }
}
