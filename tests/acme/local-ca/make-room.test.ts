import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { openAuthority } from '../../../src/acme/local-ca/authority.ts'
import { makeRoomForAccount, makeRoomForCertificate, makeRoomForOrder } from '../../../src/acme/local-ca/make-room.ts'
import {
  type Account,
  addCertificate,
  addOrder,
  type CertificateRecord,
  createState,
  newId,
  type Order,
} from '../../../src/acme/local-ca/state.ts'
import { temporaryStore } from './local-ca.ts'

const nowMs = Date.now()
const limits = { accounts: 3, orders: 4, certificates: 3 }

function account(): Account {
  return { id: newId(), key: { jwk: {}, thumbprint: newId() }, contact: [], status: 'valid' }
}

function order(owner: Account, expiresAtMs = nowMs + 1_000): Order {
  const id = newId()
  const authorization = { id: newId(), account: owner, orderId: id, host: 'a.localhost', token: 'x', expiresAtMs }
  const authorizations = [{ ...authorization, progress: { kind: 'pending' as const }, withdrawal: 'none' as const }]
  return {
    id,
    account: owner,
    expiresAtMs,
    authorizations,
    profile: 'default',
    replaces: undefined,
    progress: { kind: 'open' },
  }
}

t.test('who floods the CA with orders loses its own', async (t) => {
  const state = createState(limits)
  const [quiet, loud] = [account(), account()]
  const kept = order(quiet)
  const flood = [order(loud), order(loud), order(loud)]
  for (const each of [kept, ...flood]) addOrder(state, each)
  t.throws(() => makeRoomForOrder(state, loud, nowMs), { message: /no room for more than 4 orders/ })
  t.strictSame(makeRoomForOrder(state, quiet, nowMs), [flood[0]])
  t.ok(state.orders.has(kept.id))
  t.equal(state.authorizations.size, 3)
  t.strictSame(makeRoomForOrder(state, quiet, nowMs), [], 'there is room')
  t.equal(makeRoomForOrder(state, quiet, nowMs + 2_000).length, 3, 'expired ones go first')
})

t.test('an order that is being validated is not taken away', async (t) => {
  const state = createState({ ...limits, orders: 2 })
  const loud = account()
  const busy = [order(loud), order(loud)]
  for (const each of busy) {
    addOrder(state, each)
    for (const authorization of each.authorizations) authorization.progress = { kind: 'processing' }
  }
  t.throws(() => makeRoomForOrder(state, account(), nowMs), { message: /no room/ })
})

t.test('an account without anything makes room, one with something does not', async (t) => {
  const state = createState(limits)
  const accounts = [account(), account(), account()]
  const [first, second, third] = accounts
  for (const each of accounts) state.accounts.set(each.id, each)
  if (!first || !second || !third) throw new Error('three accounts')
  addOrder(state, order(first))
  t.strictSame(makeRoomForAccount(state), [second])
  t.strictSame(makeRoomForAccount(state), [], 'there is room')
  state.accounts.set(second.id, second)
  addOrder(state, order(second))
  addOrder(state, order(third))
  t.throws(() => makeRoomForAccount(state), { message: /no room for more than 3 accounts/ })
})

t.test('a revoked certificate stays until its end', async (t) => {
  const { store } = await temporaryStore(t)
  const authority = await openAuthority({ store, signal: AbortSignal.timeout(10_000) })
  const { publicKey } = new X509Certificate(authority.rootPem)
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const state = createState(limits)
  const [quiet, loud] = [account(), account()]
  const record = async (owner: Account): Promise<CertificateRecord> => {
    const issued = await authority.issue({ publicKey: spki, names: ['a.localhost'] })
    const endsAtMs = issued.leaf.validToDate.getTime()
    return {
      ...issued,
      endsAtMs,
      id: newId(),
      account: owner,
      orderId: newId(),
      revocation: { kind: 'none' },
      isReplaced: false,
    }
  }
  const records = [await record(loud), await record(quiet), await record(loud)]
  const [oldest, other, newest] = records
  if (!oldest || !other || !newest) throw new Error('three certificates')
  oldest.revocation = { kind: 'revoked', revokedAtMs: nowMs, reason: 1 }
  for (const each of records) addCertificate(state, each)
  t.strictSame(makeRoomForCertificate(state, nowMs), [other], 'of two that have one each the older')
  t.strictSame(makeRoomForCertificate(state, nowMs), [], 'there is room')
  newest.revocation = oldest.revocation
  other.revocation = oldest.revocation
  addCertificate(state, other)
  t.throws(() => makeRoomForCertificate(state, nowMs), { message: /no room for more than 3 certificates/ })
  t.equal(makeRoomForCertificate(state, nowMs + 8 * 86_400_000).length, 3)
})
