import { writeAccountRecord } from './account-record.ts'
import {
  type AccountPlace,
  clientFor,
  isGone,
  retireAccount,
  settledAccount,
  withAccountLock,
} from './account-session.ts'
import { requireAccount } from './require-account.ts'
import { retrySafely } from './retry.ts'

/** `gone`: the CA did not take the account's key any more, so that nothing was left to deactivate. */
export type Deactivation = { readonly kind: 'deactivated' | 'gone'; readonly url: string }

/**
 * Ends the account at the CA for good (RFC 8555 §7.3.6) and puts its key aside; the next order, or `account create`, registers
 * another with a new key. What is asked for is noted first, so that a lost answer is asked about later.
 */
export async function deactivateAccount(place: AccountPlace, signal: AbortSignal): Promise<Deactivation> {
  return withAccountLock(place, signal, async () => {
    const { acme, store } = place
    const { record, keyPem } = requireAccount(await settledAccount(place, signal), acme)
    const client = await clientFor(place, keyPem, signal)
    const { url } = record
    await writeAccountRecord(store, acme.directory, { record: { ...record, isClosing: true } })
    const payload = { status: 'deactivated' }
    const request = { url, payload, kid: url, doing: 'the end of the account' }
    try {
      // A second request after a lost answer is refused as one of a deactivated account.
      await retrySafely(signal, () => client.post(request, signal))
    } catch (error) {
      if (!isGone(error)) throw error
      await retireAccount(place, client, keyPem)
      return { kind: 'gone', url }
    }
    await retireAccount(place, client, keyPem)
    return { kind: 'deactivated', url }
  })
}
