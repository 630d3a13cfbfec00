import { checkExternalAccount } from './external-account.ts'
import { makeRoomForAccount } from './make-room.ts'
import { type JsonObject, parseJsonObject } from './payload.ts'
import { Problem } from './problem.ts'
import { type Ca, type Reply, type Resource, requireAccount, requirePostAsGet } from './resource.ts'
import type { SignedRequest } from './signed-request.ts'
import { type Account, newId } from './state.ts'
import { orderStatus } from './status.ts'

const maxContacts = 10
const maxContactLength = 254

/** newAccount (RFC 8555 §7.3): finds the key's account or makes one. */
export const newAccount: Resource = async (request, _id, ca) => {
  if (request.signer.kind !== 'key') throw new Problem('malformed', 'newAccount must be signed with a jwk')
  const { key } = request.signer
  const payload = parseJsonObject(request.payload, 'the payload')
  const existing = findByKey(key.thumbprint, ca)
  if (existing && existing.status !== 'valid') throw new Problem('unauthorized', `the account is ${existing.status}`)
  if (existing) return accountReply(existing, 200, ca)
  if (payload.onlyReturnExisting === true) throw new Problem('accountDoesNotExist', 'no account has this key')
  ca.rateLimits.spend('accountsPerMinute', request.client, ca.clock())
  const contact = parseContact(payload) ?? []
  if (ca.externalAccounts) {
    await checkExternalAccount(payload.externalAccountBinding, ca.externalAccounts, { key, url: request.url })
  }
  return createAccount({ id: newId(), key, contact, status: 'valid' }, ca)
}

async function createAccount(account: Account, ca: Ca): Promise<Reply> {
  // Again: another request with the same key may have come in between.
  const existing = findByKey(account.key.thumbprint, ca)
  if (existing) return accountReply(existing, 200, ca)
  const forgotten = makeRoomForAccount(ca.state)
  ca.state.accounts.set(account.id, account)
  try {
    await ca.keeper.account(account)
    await ca.keeper.forget({ accounts: forgotten })
  } catch (error) {
    ca.state.accounts.delete(account.id)
    throw error
  }
  return accountReply(account, 201, ca)
}

/** An account's own resource: read, contact update, deactivation (RFC 8555 §7.3.2, §7.3.6). */
export const accountResource: Resource = async (request, id, ca) => {
  const account = requireOwnAccount(request, id)
  if (request.payload === '') return accountReply(account, 200, ca)
  const payload = parseJsonObject(request.payload, 'the payload')
  if (payload.status !== undefined && payload.status !== 'deactivated') {
    throw new Problem('malformed', 'the status of an account can only become deactivated')
  }
  account.contact = parseContact(payload) ?? account.contact
  if (payload.status === 'deactivated') account.status = 'deactivated'
  await ca.keeper.account(account)
  return accountReply(account, 200, ca)
}

/** The account's orders without the invalid ones (RFC 8555 §7.1.2.1), all on one page: the table is bounded. */
export const accountOrders: Resource = (request, id, ca) => {
  const account = requireOwnAccount(request, id)
  requirePostAsGet(request)
  const own = [...ca.state.orders.values()].filter(
    (order) => order.account === account && orderStatus(order, ca.clock()) !== 'invalid',
  )
  return { status: 200, body: { orders: own.map((order) => ca.urls.order(order.id)) } }
}

function findByKey(thumbprint: string, ca: Ca): Account | undefined {
  return [...ca.state.accounts.values()].find((account) => account.key.thumbprint === thumbprint)
}

function requireOwnAccount(request: SignedRequest, id: string): Account {
  const account = requireAccount(request)
  if (account.id !== id) throw new Problem('unauthorized', 'the kid names another account')
  return account
}

function accountReply(account: Account, status: number, ca: Ca): Reply {
  return {
    status,
    headers: { location: ca.urls.account(account.id) },
    body: { status: account.status, contact: account.contact, orders: ca.urls.accountOrders(account.id) },
  }
}

function parseContact(payload: JsonObject): string[] | undefined {
  const { contact } = payload
  if (contact === undefined) return undefined
  if (!Array.isArray(contact) || contact.length > maxContacts) {
    throw new Problem('malformed', `contact must be a list of at most ${maxContacts} URLs`)
  }
  return contact.map(parseContactUrl)
}

/** RFC 8555 §7.3: a mailto URL with exactly one address and no header fields. */
function parseContactUrl(value: unknown): string {
  if (typeof value !== 'string') throw new Problem('malformed', 'a contact must be a URL')
  if (!value.toLowerCase().startsWith('mailto:')) {
    throw new Problem('unsupportedContact', 'only mailto contacts are supported')
  }
  const address = value.slice('mailto:'.length)
  if (address.length > maxContactLength || !/^[^\s@,?%<>"\p{Cc}]+@[A-Za-z0-9.-]+$/u.test(address)) {
    throw new Problem('invalidContact', 'a mailto contact must hold one plain address')
  }
  return value
}
