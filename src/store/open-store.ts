import type { StoreConfig } from '../config/config.ts'
import { toEdgeError } from '../errors.ts'
import { field } from '../log.ts'
import type { Store } from './contract.ts'
import { openFileStore } from './file-store.ts'
import type { RedisLink } from './redis-link.ts'
import type { SharedCertificates } from './shared-certificates.ts'
import type { WarningLog } from './warning-log.ts'

/** A store, and the folder that certificates are installed in and served from. */
export interface OpenedStore {
  readonly store: Store
  /** What concerns this machine alone, and is there while `store` is not. Without Redis the same as `store`. */
  readonly local: Store
  /** With Redis: a copy of what lies there, on this machine. */
  readonly folder: string
  /** Where the store is Redis: how the folder is kept the same as on other machines. */
  readonly shared: SharedStore | undefined
  /** Brings into the folder what other machines have installed since. */
  refresh(): Promise<void>
  close(): void
}

export interface SharedStore {
  readonly redis: RedisLink
  readonly certificates: SharedCertificates
}

/**
 * Opens what `store` of the config names; with Redis the folder then has what other machines have installed. Throws
 * ACME_EDGE_STORE_UNREADABLE, ACME_EDGE_STORE_UNSUPPORTED for a Redis that is too old, a cluster or a Sentinel. A Redis that does
 * not answer is no error here but one of every call, until it does.
 */
export async function openStore(config: StoreConfig, log: WarningLog): Promise<OpenedStore> {
  const { folder } = config
  const local = await openFileStore({ folder, log })
  if (config.kind === 'file') return { store: local, local, folder, shared: undefined, ...nothingShared }
  // Four hundred modules that nobody needs whose store is files.
  const [{ openRedisLink }, { createRedisStore }, { shareCertificates }] = await Promise.all([
    import('./redis-link.ts'),
    import('./redis-store.ts'),
    import('./shared-certificates.ts'),
  ])
  const redis = await openRedisLink(config, log)
  const certificates = shareCertificates({ redis, folder, local, log })
  if (redis.connection !== undefined) await pullAtFirst(certificates, log)
  return {
    ...{ store: createRedisStore(redis, log), local, folder, shared: { redis, certificates } },
    refresh: async () => void (await certificates.pull()),
    close: () => redis.close(),
  }
}

const nothingShared = { refresh: async () => undefined, close: () => undefined }

async function pullAtFirst(certificates: SharedCertificates, log: WarningLog): Promise<void> {
  try {
    await certificates.pull()
  } catch (error) {
    log.warn({ [field.error]: toEdgeError(error).message }, 'the certificates of other machines cannot be brought here')
  }
}
