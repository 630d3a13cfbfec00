import t from 'tap'
import { batchLimits, PendingChanges, pendingLimits } from '../../src/collections/pending-changes.ts'
import type { CollectionWrite } from '../../src/waf/persistent/collection-change.ts'
import { collectionId } from '../../src/waf/persistent/collection-id.ts'
import type { MemberOperation } from '../../src/waf/persistent/member.ts'

const id = (key: string) => collectionId('ip', key, '')

function change(key: string, what: CollectionWrite['what'], isFirst = true): CollectionWrite {
  return { id: id(key), atMs: 1000, timeoutSeconds: 60, isFirst, what }
}

function member(name: string, operation: MemberOperation): CollectionWrite['what'] {
  return { kind: 'member', name, operation }
}

const known = { noCollection: false, expiredMember: false }
const expired = { noCollection: false, expiredMember: true }
const add: MemberOperation = { kind: 'add', delta: 1, atMs: 1000 }

t.test('changes are joined by collection and member', async (t) => {
  let told = 0
  const pending = new PendingChanges(() => told++)
  for (let i = 0; i < 100; i++) pending.note(change('a', member('N', add), i % 2 === 0), known)
  pending.note(change('a', { kind: 'timeout', seconds: 5 }, false), known)
  pending.note(change('b', member('n', add)), known)
  t.equal(told, 102)
  t.equal(pending.size, 2)
  const times = { firstAtMs: 1000, lastAtMs: 1000, timeoutSeconds: 60, isNew: false, drops: false }
  const counted = { name: 'N', operations: [{ ...add, delta: 100 }] }
  t.strictSame(pending.find(id('a')), { id: id('a'), ...times, updates: 50, ownTimeoutSeconds: 5, members: [counted] })
  t.strictSame(
    pending.take().map((each) => each.id),
    [id('a'), id('b')],
  )
  t.equal(pending.size, 0)
})

t.test('a collection that goes takes with it what was to be told of it', async (t) => {
  const pending = new PendingChanges(() => undefined)
  pending.note(change('a', member('n', add)), known)
  pending.note(change('a', { kind: 'timeout', seconds: 5 }), known)
  pending.note(change('a', { kind: 'drop' }), known)
  const [dropped] = pending.take()
  t.match(dropped, { drops: true, updates: 0, members: [] })
  t.notOk(dropped !== undefined && 'ownTimeoutSeconds' in dropped)
  pending.note(change('a', { kind: 'drop' }), known)
  pending.note(change('a', member('n', add)), known)
  t.match(pending.take(), [{ drops: true, updates: 1, members: [{ name: 'n' }] }])
})

t.test('what expires in between is told as the end of one value and the beginning of another', async (t) => {
  const pending = new PendingChanges(() => undefined)
  pending.note(change('a', member('n', add)), known)
  pending.note(change('a', member('n', { ...add, atMs: 9_000 })), expired)
  const lapse = { kind: 'lapse', atMs: 9_000 }
  t.match(pending.take(), [{ members: [{ operations: [add, lapse, { ...add, atMs: 9_000 }] }] }])
})

t.test('a message is bounded by collections and by bytes, and holds one at least', async (t) => {
  const pending = new PendingChanges(() => undefined)
  for (let i = 0; i < batchLimits.collections + 7; i++) pending.note(change(`k${i}`, member('n', add)), known)
  t.equal(pending.take().length, batchLimits.collections)
  t.equal(pending.take().length, 7)
  t.equal(pending.take().length, 0)
  const value = 'v'.repeat(1024)
  for (const key of ['a', 'b', 'c'])
    for (let i = 0; i < 600; i++) pending.note(change(key, member(`n${i}`, { kind: 'set', value, atMs: 1000 })), known)
  t.equal(pending.take().length, 1)
  t.equal(pending.take().length, 1)
  const large = JSON.stringify(pending.take())
  t.ok(large.length < 1.2 * batchLimits.bytes, `${large.length} bytes`)
})

t.test('nobody listens: the oldest is given up, and the memory stays bounded', async (t) => {
  const pending = new PendingChanges(() => undefined)
  for (let i = 0; i < pendingLimits.collections + 50; i++) pending.note(change(`k${i}`, member('n', add)), known)
  t.equal(pending.size, pendingLimits.collections)
  t.equal(pending.find(id('k49')), undefined)
  t.ok(pending.find(id('k50')))
  const value = 'v'.repeat(1024)
  for (let i = 0; i < 20_000; i++)
    pending.note(change(`large ${i}`, member('n', { kind: 'set', value, atMs: 1000 })), known)
  t.ok(pending.size < 8_000, `${pending.size} collections`)
  for (let i = 0; i < 100_000; i++) pending.note(change('same', member('n', { kind: 'set', value, atMs: 1000 })), known)
  t.ok(pending.size > 6_000, 'writing one value again and again costs nothing')
})
