import { Gauge, Registry } from 'prom-client'
import type { MetricsSnapshot } from './metrics.ts'

/** What is shown of a certificate that the edge looks after. */
export interface ManagedCertificateFigures {
  readonly name: string
  /** Attempts that failed in a row. */
  readonly failures: number
  readonly nextAttemptMs: number
}

/** The metrics of the one process that looks after certificates; read at the moment of a scrape. */
export function createCertificateMetrics(figures: () => Iterable<ManagedCertificateFigures>): {
  snapshot(): Promise<MetricsSnapshot>
} {
  const registry = new Registry()
  new Gauge({
    name: 'acme_edge_certificate_next_attempt_seconds',
    help: 'When a certificate of the config is ordered next, seconds since the epoch.',
    labelNames: ['name'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name, nextAttemptMs } of figures()) this.set({ name }, nextAttemptMs / 1000)
    },
  })
  new Gauge({
    name: 'acme_edge_certificate_failures',
    help: 'Attempts to get a certificate of the config that failed since the last success.',
    labelNames: ['name'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { name, failures } of figures()) this.set({ name }, failures)
    },
  })
  return { snapshot: () => registry.getMetricsAsJSON() }
}
