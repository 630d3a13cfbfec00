import type { Store } from '../../store/contract.ts'
import { directoryId } from '../directory-id.ts'
import { isObject } from '../json.ts'

/** The URL of the account that orders at this CA, as CAA records may name it; `undefined`: none is registered yet. */
export async function findAccountUrl(store: Store, directory: string): Promise<string | undefined> {
  const bytes = await store.read(`accounts/${directoryId(directory)}/account.json`)
  const record: unknown = bytes && JSON.parse(bytes.toString()) // checksummed by the store
  return isObject(record) && typeof record.url === 'string' ? record.url : undefined
}
