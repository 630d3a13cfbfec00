import { fileURLToPath } from 'node:url'
import type { MetricsSnapshot } from '../admin/metrics.ts'
import { ActiveChallenges } from '../challenge/active-challenges.ts'
import type { ActiveChallenge, ChallengePublisher } from '../challenge/publisher.ts'
import { CollectionKeeper } from '../collections/collection-keeper.ts'
import { CollectionRelay } from '../collections/collection-relay.ts'
import type { EdgeConfig, ListenAddress } from '../config/config.ts'
import { startEdge } from '../edge/start.ts'
import type { Logger } from '../log.ts'
import { type DemandPort, WaitingRoom } from '../on-demand/waiting-room.ts'
import type { Store } from '../store/contract.ts'
import { startWorkers } from '../workers/primary.ts'
import { buildServices, loadRules } from './edge-services.ts'

/** An edge of one process or of several: whoever runs it need not know which. */
export interface RunningService {
  readonly publisher: ChallengePublisher
  readonly addresses: { readonly http: readonly ListenAddress[]; readonly https: readonly ListenAddress[] }
  reload(config: EdgeConfig): Promise<void>
  metrics(): Promise<readonly MetricsSnapshot[]>
  close(): Promise<void>
}

export interface ServiceParts {
  readonly log: Logger
  /** Where the rules' persistent collections are kept. */
  readonly store: Store
  /** What is active already; asked last before the listeners open. */
  readonly activeChallenges: () => Promise<readonly ActiveChallenge[]>
  /** Gets certificates that handshakes ask for, where the config wants it. */
  readonly demand: DemandPort
}

/** Starts the edge in this process, or `config.workers` processes when that is more than one. */
export async function startService(config: EdgeConfig, { store, ...rest }: ServiceParts): Promise<RunningService> {
  const keeper = new CollectionKeeper({ store, log: rest.log })
  await keeper.load()
  const parts = { ...rest, keeper }
  const service = await (config.workers === 1 ? startAlone(config, parts) : startPool(config, parts))
  return {
    ...service,
    async close() {
      await service.close()
      await keeper.close()
    },
  }
}

interface ProcessParts extends Omit<ServiceParts, 'store'> {
  readonly keeper: CollectionKeeper
}

async function startAlone(
  config: EdgeConfig,
  { log, keeper, activeChallenges, demand }: ProcessParts,
): Promise<RunningService> {
  const { services, metrics, attach, close } = buildServices(config, log, keeper.memory)
  let onDemand = config.acme?.onDemand
  const waitingRoom = new WaitingRoom(demand, () => onDemand)
  const edge = await startEdge(config, { ...services, activeChallenges, demand: waitingRoom })
  attach(edge)
  return {
    publisher: edge.publisher,
    addresses: edge.addresses,
    async reload(next) {
      await edge.reload(next)
      onDemand = next.acme?.onDemand
    },
    metrics: async () => [await metrics.snapshot()],
    async close() {
      await edge.close()
      await close()
    },
  }
}

async function startPool(
  config: EdgeConfig,
  { log, keeper, activeChallenges, demand }: ProcessParts,
): Promise<RunningService> {
  await loadRules(config) // here the problems have their places; a worker could only say that there are some
  const program = fileURLToPath(new URL('./worker.ts', import.meta.url))
  const challenges = new ActiveChallenges()
  for (const challenge of await activeChallenges()) challenges.publish(challenge)
  const pool = await startWorkers(config, {
    program,
    log,
    challenges,
    collections: new CollectionRelay(keeper),
    demand,
  })
  return {
    publisher: pool.publisher,
    addresses: pool.addresses,
    async reload(next) {
      await loadRules(next)
      await pool.reload(next)
    },
    metrics: async () => (await pool.metrics()) as MetricsSnapshot[], // what the workers' createMetrics gave
    close: () => pool.close(),
  }
}
