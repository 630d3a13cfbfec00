import type { ChallengePublisher } from '../challenge/publisher.ts'
import type { EdgeConfig } from '../config/config.ts'
import { connectControl } from '../control/client.ts'
import { openStandalone } from '../edge/standalone.ts'
import { createLog } from '../log.ts'
import { openReplica } from '../replicas/replica.ts'
import type { OpenedStore } from '../store/open-store.ts'
import { PersistentCollections } from '../waf/persistent/persistent-collections.ts'
import { buildServices } from './edge-services.ts'
import type { Via } from './issue-text.ts'

/** Who answers the CA while a command orders. */
export interface Answering {
  readonly publisher: ChallengePublisher
  readonly via: Via
  close(): void | Promise<void>
}

/**
 * The edge that runs with this store; where none does, listeners of the command's own, which stand beside those of other
 * machines where the store is shared.
 */
export async function openPublisher(config: EdgeConfig, { folder, shared }: OpenedStore): Promise<Answering> {
  const control = await connectControl(folder)
  if (control) return { publisher: control, via: 'running edge', close: () => control.close() }
  // Standard output is the command's own: access records would stand between its lines.
  const log = config.log.access === 'stdout' ? ({ access: 'off' } as const) : config.log
  const quiet = { ...config, log }
  const ownLog = createLog('warn')
  const replica = await openReplica(shared, ownLog)
  const { services } = buildServices(quiet, ownLog, new PersistentCollections())
  const activeChallenges = () => replica.join()
  const standalone = await openStandalone(quiet, { ...services, activeChallenges }).catch(async (error) => {
    await replica.close()
    throw error
  })
  return {
    publisher: replica.attach(standalone.publisher),
    via: 'own listener',
    async close() {
      await standalone.close()
      await replica.close()
    },
  }
}
