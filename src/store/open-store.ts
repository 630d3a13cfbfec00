import type { StoreConfig } from '../config/config.ts'
import { EdgeError } from '../errors.ts'
import type { Store } from './contract.ts'
import { openFileStore, type WarningLog } from './file-store.ts'

/** A store, and the folder beside it that certificates are installed in. */
export interface OpenedStore {
  readonly store: Store
  readonly folder: string
}

/** Opens what `store` of the config names. Throws ACME_EDGE_STORE_UNSUPPORTED for Redis, ACME_EDGE_STORE_UNREADABLE. */
export async function openStore(config: StoreConfig, log: WarningLog): Promise<OpenedStore> {
  const folder = storeFolder(config)
  return { store: await openFileStore({ folder, log }), folder }
}

/** The folder of a file store; throws ACME_EDGE_STORE_UNSUPPORTED for any other. */
export function storeFolder(config: StoreConfig): string {
  if (config.kind === 'file') return config.folder
  const message = `this version keeps certificates in files alone: write store: "file:certs" instead of a Redis URL`
  throw new EdgeError('ACME_EDGE_STORE_UNSUPPORTED', message)
}
