import type { MetricsSnapshot } from '../admin/metrics.ts'
import type { EdgeConfig } from '../config/config.ts'
import type { CertificateManagement, ManagementServices } from './certificate-management.ts'

/** As CertificateManagement; but loading what it needs takes a moment. */
export interface LazyManagement {
  reload(config: EdgeConfig): Promise<void>
  wake(name: string): void
  metrics(): Promise<readonly MetricsSnapshot[]>
  close(): Promise<void>
}

/** Looks after certificates once there are any to look after: an edge without them loads no ACME client and no X.509 library. */
export async function openManagement(config: EdgeConfig, services: ManagementServices): Promise<LazyManagement> {
  const begin = async (current: EdgeConfig) => {
    if ((current.acme?.certificates.length ?? 0) === 0) return undefined
    return (await import('./certificate-management.ts')).manageCertificates(current, services)
  }
  let management: CertificateManagement | undefined = await begin(config)
  return {
    async reload(next) {
      if (management === undefined) management = await begin(next)
      else management.reload(next)
    },
    wake: (name) => management?.wake(name),
    metrics: async () => (management === undefined ? [] : [await management.metrics()]),
    close: async () => management?.close(),
  }
}
