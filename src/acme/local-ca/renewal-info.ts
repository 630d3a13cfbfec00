import { findByRenewalId } from './certificate-id.ts'
import { Problem } from './problem.ts'
import type { Ca, Reply } from './resource.ts'
import type { CertificateRecord } from './state.ts'

const hourMs = 3_600_000
/** Clients ask again four times a day, sooner for lives so short that this would be too late. */
const maxRetryMs = 6 * hourMs
const minRetryMs = 60_000

/** When to renew a certificate (RFC 9773 §4): open to all, since it tells nothing that the certificate does not. */
export function renewalInfo(id: string, ca: Ca): Reply {
  if (!/^[\w-]{1,100}\.[\w-]{1,60}$/.test(id)) throw new Problem('malformed', 'this is no certificate identifier')
  const record = findByRenewalId(ca.state, id)
  if (!record) throw new Problem('malformed', 'this server knows no such certificate', { status: 404 })
  const { start, end } = windowOf(record)
  const retryMs = Math.min(maxRetryMs, Math.max(minRetryMs, lifeOf(record) / 24))
  return {
    status: 200,
    headers: { 'retry-after': String(Math.round(retryMs / 1000)) },
    body: { suggestedWindow: { start: new Date(start).toISOString(), end: new Date(end).toISOString() } },
  }
}

/** Between two thirds and three quarters of the life; of a revoked certificate in the past, which means "at once" (§4.2). */
function windowOf(record: CertificateRecord): { start: number; end: number } {
  if (record.revocation.kind === 'revoked') {
    return { start: record.revocation.revokedAtMs - 2 * hourMs, end: record.revocation.revokedAtMs - hourMs }
  }
  const start = record.leaf.validFromDate.getTime()
  return { start: start + (lifeOf(record) * 2) / 3, end: start + (lifeOf(record) * 3) / 4 }
}

function lifeOf({ leaf }: CertificateRecord): number {
  return leaf.validToDate.getTime() - leaf.validFromDate.getTime()
}
