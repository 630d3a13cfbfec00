import type { X509Certificate } from 'node:crypto'
import { EdgeError } from '../../errors.ts'
import { field } from '../../log.ts'
import type { Store } from '../../store/contract.ts'
import type { WarningLog } from '../../store/warning-log.ts'
import { type CertificateAuthority, createIntermediate } from './certificates.ts'
import { readIssuing, writeIssuing, writeRetired } from './keep-authority.ts'
import { isFresh, type OpenRoot } from './open-root.ts'

export interface IssuingParts {
  readonly store: Store
  readonly root: OpenRoot
  readonly clock: () => number
  /** Told when it is time and the root's key is not there. */
  readonly log: WarningLog | undefined
}

/** Long enough for somebody to fetch the root's key from where it is kept. */
export const renewIssuingBeforeMs = 60 * 86_400_000

/** An issuing certificate of an earlier root is replaced: a crash between the two writes leaves exactly that behind. */
export async function openIssuing(options: IssuingParts): Promise<CertificateAuthority> {
  const { root } = options
  const kept = await readIssuing(options.store)
  const isOurs = kept?.certificate.verify(root.certificate.publicKey) === true
  if (kept && isOurs && isFresh(kept.certificate, options.clock(), renewIssuingBeforeMs)) return kept
  if (root.key === undefined && kept && isOurs && isFresh(kept.certificate, options.clock(), 0)) return kept
  return renewIssuing(options, isOurs ? kept : undefined)
}

async function renewIssuing(
  { store, root, clock }: IssuingParts,
  old: CertificateAuthority | undefined,
): Promise<CertificateAuthority> {
  if (root.key === undefined || root.certificate.validToDate.getTime() <= clock()) throw expired()
  const issuing = await createIntermediate({ certificate: root.certificate, key: root.key }, clock())
  if (old) await writeRetired(store, old)
  await writeIssuing(store, issuing)
  return issuing
}

/** Renews it when it is time and the root's key is there. */
export async function keepFresh(options: IssuingParts, issuing: CertificateAuthority): Promise<CertificateAuthority> {
  const { clock, root, log, store } = options
  if (isFresh(issuing.certificate, clock(), renewIssuingBeforeMs)) return issuing
  // One that ends with the root cannot be had longer: the root is what has to be renewed, and no client knows a new one.
  if (issuing.certificate.validToDate >= root.certificate.validToDate) {
    warn(log, "the local CA's root ends soon: make a new CA and have clients trust its root", root.certificate)
    return issuing
  }
  if (root.key === undefined) {
    const advice = 'start `acme-edge ca serve` once with --root-key (and --passphrase-file), which renews it'
    warn(
      log,
      `the local CA's issuing certificate ends soon and the root key is not there: ${advice}`,
      issuing.certificate,
    )
    return issuing
  }
  const lock = await store.lock('local-ca', AbortSignal.timeout(10_000))
  try {
    return await renewIssuing(options, issuing)
  } finally {
    await lock.release()
  }
}

function warn(log: WarningLog | undefined, message: string, certificate: X509Certificate): void {
  log?.warn({ [field.notAfter]: certificate.validToDate.toISOString() }, message)
}

/** For a request that needs an issuing certificate where none is to be had. */
export function expired(): EdgeError {
  const advice = 'start `acme-edge ca serve` with --root-key (and --passphrase-file), which renews it'
  const message = `the local CA's issuing certificate has ended and its root key is not there: ${advice}`
  return new EdgeError('ACME_EDGE_LOCALCA_EXPIRED', message)
}
