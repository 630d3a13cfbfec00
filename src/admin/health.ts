/** Why an edge is not ready; empty when it is. */
export interface HealthSnapshot {
  readonly reasons: readonly NotReadyReason[]
}

export type NotReadyReason = 'starting' | 'draining' | 'store-lost'

export interface Health {
  /** Sets or clears one reason. */
  set(reason: NotReadyReason, holds: boolean): void
  snapshot(): HealthSnapshot
}

/** The readiness of one edge; begins as `starting`. */
export function createHealth(): Health {
  const reasons = new Set<NotReadyReason>(['starting'])
  return {
    set(reason, holds) {
      if (holds) reasons.add(reason)
      else reasons.delete(reason)
    },
    snapshot: () => ({ reasons: [...reasons] }),
  }
}
