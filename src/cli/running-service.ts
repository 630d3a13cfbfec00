import { fileURLToPath } from 'node:url'
import type { MetricsSnapshot } from '../admin/metrics.ts'
import { ActiveChallenges } from '../challenge/active-challenges.ts'
import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { EdgeConfig, ListenAddress } from '../config/config.ts'
import { startEdge } from '../edge/start.ts'
import type { Logger } from '../log.ts'
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

/** Starts the edge in this process, or `config.workers` processes when that is more than one. */
export async function startService(config: EdgeConfig, log: Logger): Promise<RunningService> {
  return config.workers === 1 ? startAlone(config, log) : startPool(config, log)
}

async function startAlone(config: EdgeConfig, log: Logger): Promise<RunningService> {
  const { services, metrics, attach, close } = buildServices(config, log)
  const edge = await startEdge(config, services)
  attach(edge)
  return {
    publisher: edge.publisher,
    addresses: edge.addresses,
    reload: (next) => edge.reload(next),
    metrics: async () => [await metrics.snapshot()],
    async close() {
      await edge.close()
      close()
    },
  }
}

async function startPool(config: EdgeConfig, log: Logger): Promise<RunningService> {
  await loadRules(config) // here the problems have their places; a worker could only say that there are some
  const program = fileURLToPath(new URL('./worker.ts', import.meta.url))
  const pool = await startWorkers(config, { program, log, challenges: new ActiveChallenges() })
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
