import { parseCertificateNames } from '../acme/certificate-names.ts'
import type { MetricsSnapshot } from '../admin/metrics.ts'
import { createOnDemandMetrics } from '../admin/on-demand-metrics.ts'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { AcmeConfig, EdgeConfig } from '../config/config.ts'
import { toEdgeError } from '../errors.ts'
import { field, type Logger } from '../log.ts'
import { configuredAuthorities } from '../manage/authorities.ts'
import { Lanes } from '../manage/lanes.ts'
import { ManagedCertificate } from '../manage/managed-certificate.ts'
import { wantedCertificates } from '../manage/wanted-certificates.ts'
import { OnDemand } from '../on-demand/on-demand.ts'
import { type OrderLimits, openOrderLimits } from '../on-demand/order-limits.ts'
import type { DemandPort } from '../on-demand/waiting-room.ts'
import type { OpenedStore } from '../store/open-store.ts'

export interface OnDemandIssuance extends DemandPort {
  /** Before this nothing is got: nobody could answer the CA. */
  attach(publisher: ChallengePublisher): void
  reload(config: EdgeConfig): void
  metrics(): Promise<MetricsSnapshot>
  close(): Promise<void>
}

export interface OnDemandServices extends Pick<OpenedStore, 'store' | 'folder' | 'refresh'> {
  readonly log: Logger
}

/** Orders at a time; the limits of the config and of the CA apply besides. */
const ORDERS_AT_ONCE = 8
/** What the limits no longer count is forgotten so often. */
const PRUNE_MS = 86_400_000
const PRUNE_TIMEOUT_MS = 60_000

/** Gets certificates for handshakes that come without, where `acme.on_demand` is set, and renews them while they are used. */
export function openOnDemand(config: EdgeConfig, services: OnDemandServices): OnDemandIssuance {
  let { acme } = config
  let publisher: ChallengePublisher | undefined
  let managed = managedNames(acme)
  const { store, log } = services
  const now = Date.now
  const lanes = new Lanes(ORDERS_AT_ONCE)
  const metrics = createOnDemandMetrics(() => onDemand.running)
  const limits = openOrderLimits({ store, now })
  const pruning = setInterval(() => void prune(limits, log), PRUNE_MS).unref()
  const onDemand = new OnDemand({
    config: undefined,
    orderLimits: limits,
    log,
    observe: (result) => metrics.count(result),
    isManaged: (name) => managed.has(name),
    isOnDemand: async (name) => (await store.read(markOf(name))) !== undefined,
    async obtain(name, signal) {
      if (publisher === undefined || acme === undefined) throw new Error('the edge is not ready yet')
      const authorities = configuredAuthorities({ ...services, publisher, now, acme: () => acme as AcmeConfig }) // see above
      // One lane a certificate: the lanes of all of them are taken here.
      const parts = { ...services, authorities, now, lanes: new Lanes(1) }
      const certificate = new ManagedCertificate({ name, names: parseCertificateNames([name]) }, parts, {
        isChanged: false,
      })
      const renewing = async () => {
        const result = await certificate.renewNow({ force: false }, signal)
        if (result === 'not due') await publisher?.installed(name, signal) // a replica or a command got it
      }
      // Before the order: a certificate whose mark a crash has swallowed would not be renewed.
      if ((await store.read(markOf(name))) === undefined) await store.write(markOf(name), JSON.stringify({ name }))
      await lanes.run(renewing, { rank: 0, signal })
    },
  })
  return {
    request: (name) => onDemand.request(name),
    seen: (name) => onDemand.seen(name),
    attach(attached) {
      publisher = attached
      onDemand.configure(acme?.onDemand)
    },
    reload(next) {
      acme = next.acme ?? acme // what is under way may still look at it
      managed = managedNames(next.acme)
      onDemand.configure(next.acme?.onDemand)
    },
    metrics: () => metrics.snapshot(),
    close() {
      clearInterval(pruning)
      return onDemand.close()
    },
  }
}

async function prune(limits: OrderLimits, log: Logger): Promise<void> {
  try {
    await limits.prune(AbortSignal.timeout(PRUNE_TIMEOUT_MS))
  } catch (error) {
    log.warn({ [field.error]: toEdgeError(error).message }, 'old counts of orders on demand were not removed')
  }
}

const managedNames = (acme: AcmeConfig | undefined): ReadonlySet<string> =>
  new Set(wantedCertificates(acme).flatMap(({ names }) => names))

/** Tells certificates that came this way from those that somebody ordered. */
const markOf = (name: string): string => `on-demand/${name}`
