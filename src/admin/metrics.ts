import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { DurationHistogram } from './duration-histogram.ts'

export interface ObservedRequest {
  /** 0 when no response was sent. */
  readonly status: number
  /** A word of a small closed set: each one is a time series of its own. */
  readonly verdict: string
  readonly durationMs: number
  /** `undefined` when no origin was asked. */
  readonly originMs: number | undefined
  /** `undefined` when nothing was inspected. */
  readonly wafMs?: number | undefined
}

/** What is read at the moment of a scrape instead of being counted. */
export interface MetricSources {
  readonly connections: () => number
  readonly certificates: () => Iterable<{ readonly name: string; readonly notAfterMs: number }>
  /** The rules' persistent collections in memory. */
  readonly collections: () => Iterable<{ readonly name: string; readonly count: number }>
}

/** The measurements of one process as plain data: can be sent between processes. */
export type MetricsSnapshot = readonly object[]

export interface EdgeMetrics {
  /** Called once a request; costs a fraction of a microsecond. */
  observeRequest(request: ObservedRequest): void
  snapshot(): Promise<MetricsSnapshot>
}

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const wafSecondsBuckets = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1]

/** The metrics of one process. The registry is its own: two edges in one process do not meet. */
export function createMetrics(sources: MetricSources): EdgeMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  registerGauges(registry, sources)
  const requests = new Counter({
    name: 'acme_edge_requests_total',
    help: 'Requests by class of status (none: no response was sent) and verdict.',
    labelNames: ['status', 'verdict'],
    registers: [registry],
  })
  const duration = histogram('request', 'From the first byte of a request to the last of its response.')
  const origin = histogram('origin', 'Spent waiting for origins.')
  const waf = histogram('waf', 'Spent inspecting.', wafSecondsBuckets)
  const countRequest = createRequestCounter(requests)
  return {
    observeRequest({ status, verdict, durationMs, originMs, wafMs }) {
      countRequest(status, verdict)
      duration.observe(durationMs)
      if (originMs !== undefined) origin.observe(originMs)
      if (wafMs !== undefined) waf.observe(wafMs)
    },
    async snapshot() {
      const histograms = [duration, origin, waf].map((one) => one.snapshot())
      return [...(await registry.getMetricsAsJSON()), ...histograms]
    },
  }
}

/** The snapshots of all processes as one page in Prometheus' text format. */
export function renderMetrics(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  // each snapshot is copied: aggregation writes into its first argument
  return AggregatorRegistry.aggregate(snapshots.map((snapshot) => structuredClone([...snapshot]))).metrics()
}

/** Finding a labelled child costs more than counting: each is looked up once. */
function createRequestCounter(counter: Counter<'status' | 'verdict'>): (status: number, verdict: string) => void {
  const byVerdict = new Map<string, { inc(): void }[]>()
  return (status, verdict) => {
    const index = status < 100 ? 0 : Math.floor(status / 100)
    let child = byVerdict.get(verdict)?.[index]
    if (child === undefined) {
      child = counter.labels({ status: index === 0 ? 'none' : `${index}xx`, verdict })
      const children = byVerdict.get(verdict) ?? []
      children[index] = child
      byVerdict.set(verdict, children)
    }
    child.inc()
  }
}

function histogram(what: string, help: string, bounds = secondsBuckets): DurationHistogram {
  return new DurationHistogram(`acme_edge_${what}_duration_seconds`, help, bounds)
}

function registerGauges(registry: Registry, { connections, certificates, collections }: MetricSources): void {
  new Gauge({
    name: 'acme_edge_connections',
    help: 'Open client connections.',
    registers: [registry],
    collect() {
      this.set(connections())
    },
  })
  new Gauge({
    name: 'acme_edge_collections',
    help: 'Persistent collections of the rules in memory.',
    labelNames: ['name'],
    aggregator: 'max', // every worker has them all
    registers: [registry],
    collect() {
      for (const { name, count } of collections()) this.set({ name }, count)
    },
  })
  new Gauge({
    name: 'acme_edge_certificate_not_after_seconds',
    help: 'End of a certificate, seconds since the epoch.',
    labelNames: ['name'],
    // every worker serves the same certificates; while one is still loading, the earlier end counts
    aggregator: 'min',
    registers: [registry],
    collect() {
      this.reset()
      for (const { name, notAfterMs } of certificates()) this.set({ name }, notAfterMs / 1000)
    },
  })
}
