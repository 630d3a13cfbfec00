import { isObject } from '../acme/json.ts'
import { parseRenewalState, type RenewalState } from '../acme/renewal/renewal-state.ts'
import type { Store, StoreLock } from '../store/contract.ts'

/** What the store remembers of one certificate's renewals, for the next start, the other replicas and `acme-edge list`. */
export interface RenewalRecord {
  readonly state: RenewalState
  /** The directory of the CA that the certificate is from, or `imported`; `undefined`: nobody noted it. */
  readonly directory: string | undefined
}

/** Stands for the CA of a certificate that is from none of ours: then none is asked about it. */
export const imported = 'imported'

/** The directory of the CA that gave a certificate, as it was noted with it, else with its last renewal. */
export function authorityOf(
  certificate: { readonly directory?: string | undefined },
  record: Pick<RenewalRecord, 'directory'>,
): string | undefined {
  return certificate.directory ?? (record.directory === imported ? undefined : record.directory)
}

/** A damaged or foreign record is as if there were none: at worst the CA is asked once more. */
export async function readRenewalRecord(store: Store, name: string): Promise<RenewalRecord> {
  const bytes = await store.read(keyOf(name))
  const data = bytes === undefined ? undefined : parseJson(bytes)
  const directory = isObject(data) && typeof data.directory === 'string' ? data.directory : undefined
  return { state: parseRenewalState(bytes), directory }
}

/** @param lock renewalLock(), where the writer has it: one who was overtaken writes nothing */
export async function writeRenewalRecord(
  store: Store,
  { name, record, lock }: { readonly name: string; readonly record: RenewalRecord; readonly lock?: StoreLock },
): Promise<void> {
  await store.write(keyOf(name), JSON.stringify({ ...record.state, directory: record.directory }), { lock })
}

/** One lock a certificate: of all replicas one looks after it at a time. */
export const renewalLock = (name: string): string => `renewals/${name}`

const keyOf = (name: string): string => `renewals/${name}.json`

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
