import { Counter, Gauge, Registry } from 'prom-client'
import type { MetricsSnapshot } from './metrics.ts'

export interface OnDemandMetrics {
  /** `result`: `obtained`, `failed`, `denied`, `unanswered`, `limited`. */
  count(result: string): void
  snapshot(): Promise<MetricsSnapshot>
}

/** The metrics of the one process that gets certificates on demand. */
export function createOnDemandMetrics(running: () => number): OnDemandMetrics {
  const registry = new Registry()
  const requests = new Counter({
    name: 'acme_edge_on_demand_total',
    help: 'Names that handshakes asked for without a certificate, by what came of it.',
    labelNames: ['result'],
    registers: [registry],
  })
  new Gauge({
    name: 'acme_edge_on_demand_running',
    help: 'Names that are being asked about or ordered.',
    registers: [registry],
    collect() {
      this.set(running())
    },
  })
  return { count: (result) => requests.inc({ result }), snapshot: () => registry.getMetricsAsJSON() }
}
