import { Gauge, Registry } from 'prom-client'
import type { MetricsSnapshot } from './metrics.ts'

/**
 * What an edge says about itself: `degraded` serves as ever, but something that it needs sooner or later is away; `not
 * ready` is to be sent no requests. Whatever is against it is among the reasons.
 */
export interface HealthSnapshot {
  readonly status: 'ready' | 'degraded' | 'not ready'
  readonly reasons: readonly HealthReason[]
}

export type HealthReason = 'starting' | 'draining' | 'store-lost'

export interface Health {
  /** Sets or clears one reason. */
  set(reason: HealthReason, holds: boolean): void
  snapshot(): HealthSnapshot
  /** The same for /metrics. */
  metrics(): Promise<MetricsSnapshot>
}

/**
 * All edges lose a shared store at once, and serve on from what they have: were they not ready for that, whoever balances
 * between them would have nobody left.
 */
const servesIn = { starting: false, draining: false, 'store-lost': true } as const satisfies Record<
  HealthReason,
  boolean
>

/** The health of one edge; begins as `starting`. */
export function createHealth(): Health {
  const reasons = new Set<HealthReason>(['starting'])
  const registry = new Registry()
  new Gauge({
    name: 'acme_edge_store_lost',
    help: '1 while the store in Redis cannot be reached, otherwise 0.',
    registers: [registry],
    collect() {
      this.set(reasons.has('store-lost') ? 1 : 0)
    },
  })
  return {
    set(reason, holds) {
      if (holds) reasons.add(reason)
      else reasons.delete(reason)
    },
    snapshot: () => ({ status: statusOf(reasons), reasons: [...reasons] }),
    metrics: () => registry.getMetricsAsJSON(),
  }
}

function statusOf(reasons: ReadonlySet<HealthReason>): HealthSnapshot['status'] {
  if (reasons.size === 0) return 'ready'
  return [...reasons].every((reason) => servesIn[reason]) ? 'degraded' : 'not ready'
}
