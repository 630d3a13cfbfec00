import { EdgeError } from '../errors.ts'
import { accountKey } from './account-record.ts'
import {
  type AccountPlace,
  clientFor,
  isGone,
  readAccount,
  settledAccount,
  withAccountLock,
} from './account-session.ts'
import { thumbprintOf } from './client.ts'
import { isObject } from './json.ts'
import { findProblem } from './problem.ts'
import { requireAccount } from './require-account.ts'

/** An account as the CA and the store know it. */
export interface AccountDescription {
  /** The CA's directory. */
  readonly ca: string
  readonly url: string
  /** `valid`, `deactivated`, `revoked`; `forgotten`: the CA knows none; `refused`: it does not take the key. */
  readonly status: string
  readonly contact: readonly string[]
  /** RFC 7638, base64url: what key authorizations end with. */
  readonly keyThumbprint: string
  /** Key of the store. */
  readonly keyPath: string
  readonly termsOfService: string | undefined
  /** The CA's name for its customer, where the config binds accounts. */
  readonly externalAccount: string | undefined
}

/** Asks the CA about the account; registers none. Throws ACME_EDGE_ACME_ACCOUNT_MISSING. */
export async function describeAccount(place: AccountPlace, signal: AbortSignal): Promise<AccountDescription> {
  const { acme } = place
  const { record, keyPem } = await withAccountLock(place, signal, async () =>
    requireAccount(await settledAccount(place, signal), acme),
  )
  const client = await clientFor(place, keyPem, signal)
  const said = await readAccount(client, record.url, signal).then(
    ({ data }) => (isObject(data) ? data : {}),
    (error: unknown) => ({ status: statusOf(error) }),
  )
  const contact = 'contact' in said && Array.isArray(said.contact) ? said.contact.map(String) : record.contact
  return {
    ca: acme.directory,
    url: record.url,
    status: typeof said.status === 'string' ? said.status : 'valid',
    contact,
    keyThumbprint: await thumbprintOf(client),
    keyPath: accountKey(acme.directory),
    termsOfService: client.directory.termsOfService,
    externalAccount: acme.eab?.kid,
  }
}

/** What a refusal says of the account; every other failure is thrown. */
function statusOf(error: unknown): string {
  if (!(error instanceof EdgeError) || !isGone(error)) throw error
  const { type, detail } = findProblem(error) ?? {}
  if (type === 'accountDoesNotExist') return 'forgotten'
  return /deactivated/i.test(String(detail)) ? 'deactivated' : 'refused'
}
