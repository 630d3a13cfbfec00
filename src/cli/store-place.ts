import { join } from 'node:path'
import type { StoreConfig } from '../config/config.ts'

/** Where a person finds the value of a key: a file, or a place in Redis. */
export function storePlace(store: StoreConfig, key: string): string {
  if (store.kind === 'file') return join(store.folder, 'state', key)
  return `${store.prefix}state:${key} in Redis at ${store.host}:${store.port}`
}
