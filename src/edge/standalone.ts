import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { EdgeConfig } from '../config/config.ts'
import { statusPage } from './error-response.ts'
import type { Sites } from './sites.ts'
import { type EdgeServices, startEdge } from './start.ts'

export interface Standalone {
  readonly publisher: ChallengePublisher
  close(): Promise<void>
}

/**
 * Opens the http listeners for the time that `issue` takes where no edge runs. It is the same edge with the same pipeline:
 * what is not its challenge is inspected, and then gets 503, since nobody serves the sites. Never shares a port.
 */
export async function openStandalone(config: EdgeConfig, services: EdgeServices): Promise<Standalone> {
  const listen = { http: config.listen.http, https: [] }
  const edge = await startEdge({ ...config, listen, workers: 1 }, { ...services, sites: unavailable, reusePort: false })
  return { publisher: edge.publisher, close: () => edge.close() }
}

const unavailable: Sites = {
  find: () => ({ kind: 'answer', response: statusPage(503, ['retry-after', '60']) }),
  close: async () => undefined,
}
