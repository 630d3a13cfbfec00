import type { MetricsSnapshot } from '../admin/metrics.ts'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { EdgeConfig } from '../config/config.ts'
import type { DemandPort } from '../on-demand/waiting-room.ts'
import type { OnDemandIssuance, OnDemandServices } from './on-demand-issuance.ts'

export interface LazyOnDemand extends DemandPort {
  /** Before this nothing is got: nobody could answer the CA. */
  attach(publisher: ChallengePublisher): void
  reload(config: EdgeConfig): Promise<void>
  metrics(): Promise<readonly MetricsSnapshot[]>
  close(): Promise<void>
}

/** Gets certificates on demand once a config asks for it: an edge that never does loads nothing for it. */
export async function openLazyOnDemand(config: EdgeConfig, services: OnDemandServices): Promise<LazyOnDemand> {
  let publisher: ChallengePublisher | undefined
  const begin = async (current: EdgeConfig): Promise<OnDemandIssuance | undefined> => {
    if (current.acme?.onDemand === undefined) return undefined
    const begun = (await import('./on-demand-issuance.ts')).openOnDemand(current, services)
    if (publisher !== undefined) begun.attach(publisher)
    return begun
  }
  let issuance = await begin(config)
  return {
    request: async (name) => (issuance === undefined ? false : issuance.request(name)),
    seen: (name) => issuance?.seen(name),
    attach(attached) {
      publisher = attached
      issuance?.attach(attached)
    },
    async reload(next) {
      if (issuance === undefined) issuance = await begin(next)
      else issuance.reload(next)
    },
    metrics: async () => (issuance === undefined ? [] : [await issuance.metrics()]),
    close: async () => issuance?.close(),
  }
}
