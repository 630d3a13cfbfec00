import type { AccountOptions } from './account.ts'
import { type AccountRecord, writeAccountRecord } from './account-record.ts'
import type { Budget } from './budget/budget.ts'
import { budgetOf } from './budget/budget-of.ts'
import { outcomeOf, rateLimited } from './budget/rate-limited.ts'
import type { AcmeClient } from './client.ts'
import { externalAccountBinding } from './external-account.ts'
import { type JsonObject, parseUrl } from './json.ts'
import { findProblem } from './problem.ts'
import { retrySafely } from './retry.ts'
import type { AcmeResponse } from './transport.ts'

export interface Registration extends AccountOptions {
  readonly client: AcmeClient
  readonly state: 'created' | 'recreated'
  /** Nobody has seen the key, so that no account can have it. */
  readonly isKeyNew: boolean
}

/** What is noted after an interruption must not keep the command. */
const noteTimeoutMs = 5_000

/**
 * Registers the client's key (RFC 8555 §7.3) within the CA's limit on new accounts, and notes the account. One that has the
 * key already is found and not counted. Throws ACME_EDGE_ACME_RATE_LIMITED with the time at which it may be made
 * (`details.retryAt`), ACME_EDGE_ACME_EAB_REQUIRED and ACME_EDGE_ACME_EAB_INVALID.
 */
export async function registerAccount(registration: Registration, signal: AbortSignal): Promise<AccountRecord> {
  const { acme, store, onProgress, state } = registration
  const { contact } = acme
  const response = (await findRegistered(registration, signal)) ?? (await create(registration, signal))
  const url = parseUrl(response.headers, 'location', 'an account')
  const record = { url, contact, configured: contact, isClosing: false }
  await writeAccountRecord(store, acme.directory, { record })
  onProgress({ kind: 'account', state, url })
  return record
}

/** RFC 8555 §7.3.1; `undefined`: the CA knows no account with this key, or does not answer such questions. */
async function findRegistered(registration: Registration, signal: AbortSignal): Promise<AcmeResponse | undefined> {
  if (registration.isKeyNew) return undefined
  try {
    return await postNewAccount(registration, { onlyReturnExisting: true }, signal)
  } catch (error) {
    const { status = 0, type } = findProblem(error) ?? {}
    if (status < 400 || status > 499 || status === 429 || type === 'badNonce') throw error
    return undefined
  }
}

async function create(registration: Registration, signal: AbortSignal): Promise<AcmeResponse> {
  const { acme, store, client, now = Date.now } = registration
  // Who puts a CA into the config agrees to its terms; docs/acme.md says so, and most CAs refuse without.
  const agreed = { termsOfServiceAgreed: true, contact: acme.contact }
  const payload = { ...agreed, ...(await externalAccountBinding(client, acme)) }
  const budget = budgetOf({ acme, store, now })
  const answer = await budget.reserve('new account', signal)
  if (!answer.allowed) throw rateLimited(answer, 'the account')
  try {
    const response = await postNewAccount(registration, payload, signal)
    if (response.status !== 201) await giveBack(budget) // another process has just made it
    return response
  } catch (error) {
    // An account whose answer was lost may be there: it stays counted.
    const status = findProblem(error)?.status ?? 0
    if (status >= 400 && status <= 499) await giveBack(budget, error)
    throw error
  }
}

function postNewAccount({ client }: Registration, payload: JsonObject, signal: AbortSignal): Promise<AcmeResponse> {
  const url = client.directory.newAccount
  return retrySafely(signal, () => client.post({ url, payload, kid: undefined, doing: 'the account' }, signal))
}

/** A store that fails now must not hide what happened at the CA. */
function giveBack(budget: Budget, error?: unknown): Promise<void> {
  return budget
    .noteOutcome('new account', outcomeOf(error, []), AbortSignal.timeout(noteTimeoutMs))
    .catch(() => undefined)
}
