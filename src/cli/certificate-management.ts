import { budgetOf } from '../acme/budget/budget-of.ts'
import { pruneJournals } from '../acme/journal.ts'
import { createCertificateMetrics } from '../admin/certificate-metrics.ts'
import type { MetricsSnapshot } from '../admin/metrics.ts'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { AcmeConfig, EdgeConfig } from '../config/config.ts'
import { toEdgeError } from '../errors.ts'
import { field, type Logger } from '../log.ts'
import { configuredAuthorities } from '../manage/authorities.ts'
import { CertificateManager } from '../manage/manager.ts'
import { wantedCertificates } from '../manage/wanted-certificates.ts'
import type { OpenedStore } from '../store/open-store.ts'

/** What keeps the certificates of a running edge valid. */
export interface CertificateManagement {
  reload(config: EdgeConfig): void
  /** Looks at a certificate at once: somebody has changed it in the store. */
  wake(name: string): void
  metrics(): Promise<MetricsSnapshot>
  close(): Promise<void>
}

export interface ManagementServices extends Pick<OpenedStore, 'store' | 'folder' | 'refresh'> {
  readonly publisher: ChallengePublisher
  readonly log: Logger
}

/** What the CA's limits no longer count, and orders that nobody goes on with, are forgotten so often. */
const PRUNE_MS = 86_400_000
const PRUNE_TIMEOUT_MS = 60_000

/** Begins to look after `acme.certificates`; returns at once. */
export function manageCertificates(config: EdgeConfig, services: ManagementServices): CertificateManagement {
  let acme = config.acme
  const now = Date.now
  const authorities = configuredAuthorities({ ...services, now, acme: () => acme as AcmeConfig }) // named ones come with it
  const manager = new CertificateManager({ ...services, authorities, now })
  const metrics = createCertificateMetrics(() => manager.statuses())
  manager.manage(wantedCertificates(acme))
  const pruning = setInterval(() => void prune(acme, services), PRUNE_MS).unref()
  return {
    reload(next) {
      acme = next.acme ?? acme // what is being interrupted may still look at it
      manager.manage(wantedCertificates(next.acme))
    },
    wake: (name) => manager.wake(name),
    metrics: () => metrics.snapshot(),
    close() {
      clearInterval(pruning)
      return manager.close()
    },
  }
}

async function prune(acme: AcmeConfig | undefined, { store, log }: ManagementServices): Promise<void> {
  if (acme === undefined) return
  const signal = AbortSignal.timeout(PRUNE_TIMEOUT_MS)
  try {
    await budgetOf({ acme, store, now: Date.now }).prune(signal)
    await pruneJournals(store, Date.now(), signal)
  } catch (error) {
    log.warn({ [field.error]: toEdgeError(error).message }, 'old counts and journals of orders were not removed')
  }
}
