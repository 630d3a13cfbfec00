import type { ActiveChallenge, ChallengePublisher } from '../challenge/publisher.ts'
import type { Logger } from '../log.ts'
import type { SharedStore } from '../store/open-store.ts'
import { RedisReplica } from './redis-replica.ts'

/** This process among those that share its store. */
export interface Replica {
  /** Registers as live, and answers what is active: call it last before the listeners open. Never fails, never waits long. */
  join(): Promise<readonly ActiveChallenge[]>
  /**
   * From now on announcements of others go to `local`, and those of the answered publisher to all: each call resolves when
   * every live replica has acknowledged.
   */
  attach(local: ChallengePublisher): ChallengePublisher
  /** Calls back with names whose certificate a command has revoked, on whatever machine; twice does no harm. */
  onRevoked(listener: (name: string) => void): void
  /** Others no longer wait for this one. Call it when the listeners have closed. */
  close(): Promise<void>
}

/** Call it before certificates are loaded. Of a store that is of this machine alone there is one replica: nobody to wait for. */
export async function openReplica(shared: SharedStore | undefined, log: Logger): Promise<Replica> {
  if (shared !== undefined) return new RedisReplica(shared, { log, served: await shared.certificates.present() })
  return {
    join: async () => [],
    attach: (local) => local,
    onRevoked: () => undefined, // the edge of this machine is told over its control socket
    close: async () => undefined,
  }
}
