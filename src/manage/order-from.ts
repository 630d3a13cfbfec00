import type { CertificateWish } from '../acme/certificate-wish.ts'
import { issueWithinBudget, type OrderCircumstances } from '../acme/issue-within-budget.ts'
import { rehearse } from '../acme/rehearse.ts'
import { paceOf } from '../acme/renewal/pace.ts'
import { isUrgent } from '../acme/renewal/renewal-state.ts'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { AcmeConfig } from '../config/config.ts'
import type { Store } from '../store/contract.ts'
import type { ObtainRequest } from './managed-certificate.ts'
import { isCertificateId } from './present-certificate.ts'

export interface Ordering {
  /** One CA. */
  readonly acme: AcmeConfig
  readonly request: ObtainRequest
  readonly store: Store
  readonly folder: string
  readonly publisher: ChallengePublisher
  readonly now: () => number
}

/** Orders from one CA and installs what comes. Throws what issueWithinBudget() does. */
export async function orderFrom(parts: Ordering, signal: AbortSignal): Promise<void> {
  const { acme, request, store, publisher, now, folder: certificateFolder } = parts
  const order = { ...wishOf(request, acme.directory), acme, store, publisher, now, signal }
  // After a failure the CA is tried where failures cost little, and its real directory only once that went well.
  if (acme.staging !== undefined && request.record.state.failures > 0)
    await rehearse({ ...order, replaces: undefined, staging: acme.staging })
  await issueWithinBudget({ ...order, certificateFolder }, circumstancesOf(parts, order))
}

/** Whether there is nothing to serve, or soon will not be: then any CA is as good as the first. */
export function cannotWait({ present, record, reason }: ObtainRequest, nowMs: number): boolean {
  if (present === undefined || reason === 'names') return true
  return present.isRevoked || isUrgent(present, record.state, nowMs)
}

function circumstancesOf({ acme, request, now }: Ordering, wish: CertificateWish): OrderCircumstances {
  const { wanted, present, record } = request
  const lifeMs = present === undefined ? 0 : present.notAfterMs - present.notBeforeMs
  const fleet = { certificates: acme.certificates.length, renewalIntervalMs: (lifeMs * 2) / 3 }
  return {
    isRenewal: present !== undefined && sameNames(wanted.names, present.names),
    viaAri: wish.replaces !== undefined && record.state.info !== undefined,
    ...(cannotWait(request, now()) ? {} : { pace: paceOf(fleet) }),
  }
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return [...some].sort().join() === [...others].sort().join()
}

/** Only the CA that gave a certificate knows what follows it; profiles are each CA's own. */
function wishOf({ wanted, present, record }: ObtainRequest, directory: string): CertificateWish {
  const isOurs = record.directory === undefined || record.directory === directory
  const replaces = present !== undefined && isOurs && isCertificateId(present.id) ? present.id : undefined
  return { ...wanted, replaces }
}
