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
  ACME_EDGE_INTERNAL: { side: 'internal', status: 500, meaning: 'a defect in acme-edge; the log has the details' },
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
  /** Overrides the table's status (a redirect of a rule, a limit with its own status). */
  readonly status?: number
}

/** The only error class that crosses folders: a code from the table, a side and, where there is one, a cause. */
export class EdgeError extends Error {
  readonly code: ErrorCode
  readonly side: Side
  readonly status: number
  readonly problems: readonly SourceProblem[]

  constructor(code: ErrorCode, message: string, options: EdgeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'EdgeError'
    this.code = code
    this.side = errorCodes[code].side
    this.status = options.status ?? errorCodes[code].status
    this.problems = options.problems ?? []
  }
}
