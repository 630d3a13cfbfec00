/** Error types of RFC 8555 §6.7, RFC 9773 §7.4 and the ACME profiles that this server reports, with the HTTP status that goes with each. */
export const problemTypes = {
  accountDoesNotExist: 400,
  alreadyReplaced: 409,
  alreadyRevoked: 400,
  badCSR: 400,
  badNonce: 400,
  badPublicKey: 400,
  badRevocationReason: 400,
  badSignatureAlgorithm: 400,
  connection: 400,
  dns: 400,
  externalAccountRequired: 403,
  incorrectResponse: 403,
  invalidContact: 400,
  invalidProfile: 400,
  malformed: 400,
  orderNotReady: 403,
  rateLimited: 429,
  rejectedIdentifier: 400,
  serverInternal: 500,
  unauthorized: 403,
  unsupportedContact: 400,
  unsupportedIdentifier: 400,
} as const satisfies Record<string, number>

export type ProblemType = keyof typeof problemTypes

export interface Identifier {
  readonly type: string
  readonly value: string
}

export interface ProblemOptions {
  /** Overrides the status of the table (404, 405, 409, 413, 415). */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly identifier?: Identifier
  readonly subproblems?: readonly Problem[]
  /** For badSignatureAlgorithm: what would have been accepted (RFC 8555 §6.2). */
  readonly algorithms?: readonly string[]
}

/** A refusal that the ACME client is told about; never leaves this folder as an exception. */
export class Problem extends Error {
  readonly type: ProblemType
  readonly status: number
  readonly options: ProblemOptions

  constructor(type: ProblemType, detail: string, options: ProblemOptions = {}) {
    super(detail)
    this.name = 'Problem'
    this.type = type
    this.status = options.status ?? problemTypes[type]
    this.options = options
  }
}

/** The problem document (RFC 7807, RFC 8555 §6.7); subproblems carry no status of their own (§6.7.1). */
export function problemDocument(problem: Problem): object {
  return { ...describe(problem), status: problem.status }
}

function describe(problem: Problem): object {
  const { identifier, subproblems, algorithms } = problem.options
  return {
    type: `urn:ietf:params:acme:error:${problem.type}`,
    detail: problem.message,
    ...(identifier && { identifier }),
    ...(algorithms && { algorithms }),
    ...(subproblems && { subproblems: subproblems.map(describe) }),
  }
}
