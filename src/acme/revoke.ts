import type { X509Certificate } from 'node:crypto'
import { EdgeError } from '../errors.ts'
import { type AccountPlace, clientFor, settledAccount, withAccountLock } from './account-session.ts'
import type { AcmeClient } from './client.ts'
import { findProblem } from './problem.ts'
import { requireAccount } from './require-account.ts'
import { retrySafely } from './retry.ts'

/** RFC 5280 §5.3.1, those that a subscriber may give; the others are the CA's own. */
export const revocationReasons = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
} as const

export type RevocationReason = keyof typeof revocationReasons

export interface RevocationRequest {
  readonly leaf: X509Certificate
  readonly reason: RevocationReason
  /** The certificate's own private key, PEM, which needs no account; `undefined`: the account's. */
  readonly keyPem: string | undefined
}

/** `already`: the CA had revoked it before, or its answer to an earlier request was lost. */
export type RevocationResult = 'revoked' | 'already'

/**
 * Asks the CA to revoke a certificate (RFC 8555 §7.6), in the name of the account or of the certificate's own key. Throws
 * ACME_EDGE_ACME_REFUSED with what to try instead, ACME_EDGE_ACME_ACCOUNT_MISSING.
 */
export async function revokeCertificate(
  place: AccountPlace,
  request: RevocationRequest,
  signal: AbortSignal,
): Promise<RevocationResult> {
  const { acme } = place
  const { client, kid } = await openSigner(place, request, signal)
  const url = client.directory.revokeCert
  if (url === undefined)
    throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', `${acme.directory} offers no revocation (revokeCert)`)
  const { leaf, reason } = request
  const payload = { certificate: leaf.raw.toString('base64url'), reason: revocationReasons[reason] }
  try {
    await retrySafely(signal, () => client.post({ url, payload, kid, doing: 'the revocation' }, signal))
    return 'revoked'
  } catch (error) {
    if (findProblem(error)?.type === 'alreadyRevoked') return 'already'
    throw withAdvice(error, acme.directory)
  }
}

interface Signer {
  readonly client: AcmeClient
  readonly kid: string | undefined
}

async function openSigner(place: AccountPlace, request: RevocationRequest, signal: AbortSignal): Promise<Signer> {
  if (request.keyPem !== undefined) return { client: await clientFor(place, request.keyPem, signal), kid: undefined }
  const { record, keyPem } = await withAccountLock(place, signal, async () =>
    requireAccount(await settledAccount(place, signal), place.acme),
  )
  return { client: await clientFor(place, keyPem, signal), kid: record.url }
}

/** The CA knows that it refuses, and not what else there is. */
function withAdvice(error: unknown, directory: string): unknown {
  const problem = findProblem(error)
  if (!(error instanceof EdgeError) || problem === undefined) return error
  const advice = adviceFor(problem)
  if (advice === undefined) return error
  const details = { ...error.details, advice, directory }
  return new EdgeError(error.code, `${error.message}; ${advice}`, { cause: error, details })
}

function adviceFor({ type, status }: { readonly type: string; readonly status: number }): string | undefined {
  if (type === 'unauthorized')
    return "another account got this certificate: revoke it with the certificate's own key (--cert and --key)"
  if (type === 'badRevocationReason') return 'give another --reason'
  if (status === 404 || type === 'malformed') return 'if another CA of the config gave it, say which with --ca'
  return undefined
}
