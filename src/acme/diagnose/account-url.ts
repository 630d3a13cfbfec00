import type { Store } from '../../store/contract.ts'
import { findAccountRecord } from '../account-record.ts'

/** The URL of the account that orders at this CA, as CAA records may name it; `undefined`: none is registered yet. */
export async function findAccountUrl(store: Store, directory: string): Promise<string | undefined> {
  return (await findAccountRecord(store, directory))?.url
}
