import { EdgeError } from '../errors.ts'
import { nextAccountKey } from './account-record.ts'
import {
  type AccountPlace,
  adoptNextKey,
  clientFor,
  isKeyOf,
  settledAccount,
  withAccountLock,
} from './account-session.ts'
import { createKey, thumbprintOf } from './client.ts'
import { findProblem } from './problem.ts'
import { requireAccount } from './require-account.ts'
import { retrySafely, sendOnce } from './retry.ts'

export interface Rollover {
  readonly oldThumbprint: string
  readonly newThumbprint: string
}

/**
 * Gives the account a new key (RFC 8555 §7.3.5). The new key is in the store before the CA hears of it, and the old one
 * stays until the CA has taken the new one; where an answer is lost the CA is asked which of the two it knows. Whatever
 * interrupts it, the next command that needs the account, or this one run again, finds the key that is right.
 */
export async function rollOverKey(place: AccountPlace, signal: AbortSignal): Promise<Rollover> {
  return withAccountLock(place, signal, async () => {
    const known = requireAccount(await settledAccount(place, signal), place.acme)
    const { record, keyPem } = known
    const next = await nextKey(place)
    const [client, nextClient] = [await clientFor(place, keyPem, signal), await clientFor(place, next, signal)]
    const { keyChange } = client.directory
    if (keyChange === undefined) {
      throw new EdgeError('ACME_EDGE_ACME_PROTOCOL', `${place.acme.directory} offers no change of keys (keyChange)`)
    }
    const payload = nextClient.agreeToFollow(keyPem, { url: record.url, keyChange })
    const send = () => client.post({ url: keyChange, payload, kid: record.url, doing: 'the new key' }, signal)
    const isTaken = () => retrySafely(signal, () => isKeyOf(place, { record, keyPem: next }, signal))
    try {
      await sendOnce({ send, isPending: async () => !(await isTaken()) }, signal)
    } catch (error) {
      if (!(await settleRefusal(place, { isTaken, error }))) throw error
    }
    await adoptNextKey(place, next)
    return { oldThumbprint: await thumbprintOf(client), newThumbprint: await thumbprintOf(nextClient) }
  })
}

/** The key of a rollover that was cut off is used again: the CA may know it by now. */
async function nextKey({ store, acme }: AccountPlace): Promise<string> {
  const key = nextAccountKey(acme.directory)
  const begun = await store.read(key)
  if (begun) return begun.toString()
  const made = await createKey()
  await store.write(key, made)
  return made
}

/**
 * Whether the CA has the new key although its last answer was no: the answer before may have been lost. A key that it
 * refused is forgotten; of one that it may still come to know nothing is known, so it is kept.
 */
async function settleRefusal(
  { store, acme }: AccountPlace,
  { isTaken, error }: { readonly isTaken: () => Promise<boolean>; readonly error: unknown },
): Promise<boolean> {
  const status = findProblem(error)?.status ?? 0
  if (status < 400 || status > 499 || status === 429) return false
  if (await isTaken()) return true
  await store.remove(nextAccountKey(acme.directory))
  return false
}
