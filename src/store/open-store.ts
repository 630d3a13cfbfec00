import type { StoreConfig } from '../config/config.ts'
import type { Store } from './contract.ts'
import { openFileStore } from './file-store.ts'
import type { RedisLink } from './redis-link.ts'
import type { WarningLog } from './warning-log.ts'

/** A store, and the folder that certificates are installed in and served from. */
export interface OpenedStore {
  readonly store: Store
  /** With Redis: a copy of what lies there, on this machine. */
  readonly folder: string
  /** The connection, where the store is Redis: replicas use it for more than values. */
  readonly redis: RedisLink | undefined
  close(): void
}

/**
 * Opens what `store` of the config names. Throws ACME_EDGE_STORE_UNREADABLE, ACME_EDGE_STORE_UNSUPPORTED for a Redis that is
 * too old. A Redis that does not answer is no error here but one of every call, until it does.
 */
export async function openStore(config: StoreConfig, log: WarningLog): Promise<OpenedStore> {
  const { folder } = config
  if (config.kind === 'file')
    return { store: await openFileStore({ folder, log }), folder, redis: undefined, close: () => undefined }
  // Four hundred modules that nobody needs whose store is files.
  const [{ openRedisLink }, { createRedisStore }] = await Promise.all([
    import('./redis-link.ts'),
    import('./redis-store.ts'),
  ])
  const redis = await openRedisLink(config, log)
  return { store: createRedisStore(redis, log), folder, redis, close: () => redis.close() }
}
