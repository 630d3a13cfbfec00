import fc from 'fast-check'
import t from 'tap'
import { CollectionKeeper } from '../../src/collections/collection-keeper.ts'
import { CollectionLink } from '../../src/collections/collection-link.ts'
import { CollectionRelay, type Seat } from '../../src/collections/collection-relay.ts'
import type { ChangesMessage, UpdateMessage } from '../../src/collections/messages.ts'
import { batchLimits } from '../../src/collections/pending-changes.ts'
import { createLog } from '../../src/log.ts'
import type { CollectionWrite } from '../../src/waf/persistent/collection-change.ts'
import { collectionId } from '../../src/waf/persistent/collection-id.ts'
import type { MemberOperation } from '../../src/waf/persistent/member.ts'
import { collectionLimits, type PersistentCollections } from '../../src/waf/persistent/persistent-collections.ts'
import { createMemoryStore } from '../helpers/memory-store.ts'

const NOW = Date.now()
const id = (key: string) => collectionId('ip', key, '')

/** A holder and processes that share its collections; messages are JSON, and are handed over when the test says so. */
function share(processes: number) {
  const keeper = new CollectionKeeper({ store: createMemoryStore(), log: createLog('silent') })
  const relay = new CollectionRelay(keeper)
  const messages: (() => void)[] = []
  const sizes: number[] = []
  const send = (message: unknown, deliver: (copy: unknown) => void) => {
    const text = JSON.stringify(message)
    sizes.push(text.length)
    messages.push(() => deliver(JSON.parse(text)))
  }
  const join = () => {
    let seat: Seat | undefined
    const link = new CollectionLink(
      {
        sendChanges: async (message) => send(message, (copy) => seat?.receive(copy as ChangesMessage)),
        acknowledge: () => send('ok', () => seat?.acknowledged()),
      },
      JSON.parse(JSON.stringify(relay.snapshot())),
    )
    seat = relay.join((update) => send(update, (copy) => link.receive(copy as UpdateMessage)))
    return link
  }
  const links = Array.from({ length: processes }, join)
  /** Until nobody has anything to tell any more. */
  const settle = async () => {
    for (let idleMs = 0; idleMs < 100; idleMs += 10) {
      if (messages.length > 0) idleMs = 0
      for (const deliver of messages.splice(0)) deliver()
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  return { keeper, relay, links, join, settle, messages, sizes }
}

type Wanted =
  | { readonly kind: 'add'; readonly delta: number }
  | { readonly kind: 'expire'; readonly expiresAtMs: number }

function write(memory: PersistentCollections, key: string, name: string, wanted: Wanted) {
  const what = { kind: 'member', name, operation: { ...wanted, atMs: NOW } } as const
  memory.write({ id: id(key), atMs: NOW, timeoutSeconds: 3600, isFirst: true, what })
}

const add = (delta: number) => ({ kind: 'add', delta }) as const
const valueIn = (memory: PersistentCollections, key: string, name: string) => memory.member(id(key), name, NOW)?.value

t.test('counters of several processes add up, and none is lost', async (t) => {
  const { keeper, links, settle } = share(3)
  for (let round = 0; round < 20; round++) {
    for (const { memory } of links) for (let i = 0; i < 50; i++) write(memory, 'k', 'n', add(1))
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
  t.equal(valueIn(links[0]?.memory ?? keeper.memory, 'k', 'n'), '1000', 'its own at once')
  await settle()
  for (const memory of [keeper.memory, ...links.map((link) => link.memory)]) {
    t.equal(valueIn(memory, 'k', 'n'), '3000')
    t.equal(memory.find(id('k'), NOW)?.updates, 3000)
  }
})

t.test('a process that comes later knows everything', async (t) => {
  const { links, join, settle } = share(1)
  const [first] = links
  if (first === undefined) return t.fail('a process')
  for (let i = 0; i < 300; i++) write(first.memory, `k${i}`, 'n', add(i))
  await settle()
  const late = join()
  t.equal(valueIn(late.memory, 'k299', 'n'), '299')
  write(late.memory, 'k299', 'n', add(1))
  await settle()
  t.equal(valueIn(first.memory, 'k299', 'n'), '300')
})

t.test('a process that has forgotten a collection hears all of it again when it writes', async (t) => {
  const { links, settle } = share(2)
  const [first, second] = links
  if (first === undefined || second === undefined) return t.fail('two processes')
  write(first.memory, 'k', 'blocked', add(1))
  write(second.memory, 'k', 'n', add(3))
  await settle()
  second.memory.remove(id('k')) // as a flood of other keys would do
  write(second.memory, 'k', 'n', add(1))
  t.equal(valueIn(second.memory, 'k', 'n'), '1')
  await settle()
  t.equal(valueIn(second.memory, 'k', 'n'), '4')
  t.equal(valueIn(second.memory, 'k', 'blocked'), '1')
})

t.test('what a process says at its end arrives', async (t) => {
  const { keeper, links, messages } = share(2)
  const [first] = links
  if (first === undefined) return t.fail('a process')
  for (let i = 0; i < 2_500; i++) write(first.memory, `k${i}`, 'n', add(1))
  await first.flush()
  for (const deliver of messages.splice(0)) deliver()
  t.equal(keeper.memory.size('ip'), 2_500)
})

type Act = {
  readonly process: number
  readonly pauseMs: number
  readonly deliver: number
  readonly what: CollectionWrite['what']
}

const act: fc.Arbitrary<Act> = fc.record({
  process: fc.integer({ min: 0, max: 2 }),
  pauseMs: fc.constantFrom(0, 0, 25),
  deliver: fc.integer({ min: 0, max: 3 }),
  what: fc.oneof(
    {
      weight: 8,
      arbitrary: member(fc.integer({ min: 1, max: 5 }).map((delta) => ({ kind: 'add', delta, atMs: NOW }))),
    },
    {
      weight: 3,
      arbitrary: member(fc.constantFrom('a', 'b', '7').map((value) => ({ kind: 'set', value, atMs: NOW }))),
    },
    { weight: 2, arbitrary: member(fc.constant({ kind: 'delete', atMs: NOW })) },
    { weight: 2, arbitrary: member(fc.constant({ kind: 'expire', expiresAtMs: NOW + 60_000, atMs: NOW })) },
    { weight: 1, arbitrary: fc.constant({ kind: 'timeout', seconds: 77 } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: 'drop' } as const) },
  ),
})

function member(operation: fc.Arbitrary<MemberOperation>): fc.Arbitrary<CollectionWrite['what']> {
  return fc.record({ kind: fc.constant('member' as const), name: fc.constantFrom('x', 'y'), operation })
}

t.test('whatever they do at the same time, all processes come to the same', async (t) => {
  let compared = 0
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async (acts) => {
      const { keeper, links, settle, messages } = share(3)
      for (const { process, pauseMs, deliver, what } of acts) {
        links[process]?.memory.write({ id: id('k'), atMs: NOW, timeoutSeconds: 3600, isFirst: true, what })
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
        for (const hand of messages.splice(0, deliver)) hand()
      }
      await settle()
      const views = [keeper.memory, ...links.map((link) => link.memory)].map(visible)
      for (const view of views.slice(1)) t.strictSame(view, views[0], JSON.stringify(acts))
      compared += views.length
    }),
    { numRuns: 15 },
  )
  t.ok(compared >= 60, `${compared} memories`)
})

t.test(
  'a flood of 100,000 new keys: bounded messages, bounded memory, and the counters that matter stay',
  async (t) => {
    const { keeper, links, settle, sizes } = share(2)
    const [flooded, other] = links
    if (flooded === undefined || other === undefined) return t.fail('two processes')
    write(other.memory, 'k', 'n', add(5))
    const userWrite = { id: collectionId('user', 'alice', ''), atMs: NOW, timeoutSeconds: 3600, isFirst: true }
    other.memory.write({
      ...userWrite,
      what: { kind: 'member', name: 'failures', operation: { kind: 'add', delta: 9, atMs: NOW } },
    })
    await settle()
    const startedAt = performance.now()
    for (let i = 0; i < 100_000; i++) {
      write(flooded.memory, `flood ${i}`, 'count', add(1))
      write(flooded.memory, `flood ${i}`, 'count', { kind: 'expire', expiresAtMs: NOW + 60_000 })
    }
    const spentMs = performance.now() - startedAt
    await settle()
    t.comment(
      `${(spentMs / 100).toFixed(1)} µs a new key; largest message ${Math.max(...sizes)} bytes, ${sizes.length} messages`,
    )
    t.ok(Math.max(...sizes) < 2 * batchLimits.bytes, `the largest message has ${Math.max(...sizes)} bytes`)
    for (const memory of [keeper.memory, flooded.memory, other.memory])
      t.equal(memory.size('ip'), collectionLimits.collections)
    t.equal(other.memory.member(userWrite.id, 'failures', NOW)?.value, '9')
    t.equal(flooded.memory.member(userWrite.id, 'failures', NOW)?.value, '9')
  },
)

t.test('a process that does not listen is sent one message, and everything later', async (t) => {
  const { keeper, relay, links, settle } = share(1)
  const updates: UpdateMessage[] = []
  const deaf = relay.join((update) => updates.push(update))
  const [link] = links
  if (link === undefined) return t.fail('a process')
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 100; i++) write(link.memory, `k${i}`, 'n', add(1))
    await settle()
  }
  t.equal(updates.length, 1)
  deaf.acknowledged()
  await settle()
  t.equal(updates.length, 2)
  t.equal(updates[1]?.states.length, 100)
  t.equal(updates[1]?.states[0]?.members[0]?.value, '5')
  t.equal(valueIn(keeper.memory, 'k0', 'n'), '5')
})

t.test('a process that hangs does not fill the memory of the holder', async (t) => {
  const { relay, settle } = share(0)
  let told = 0
  const deaf = relay.join(({ states, gone }) => {
    told += states.length + gone.length
  })
  const busy = relay.join(() => undefined)
  const times = { firstAtMs: NOW, lastAtMs: NOW, timeoutSeconds: 3600 }
  const members = [{ name: 'n', operations: [{ kind: 'add', delta: 1, atMs: NOW }] }] as const
  for (let i = 0; i < 140_000; i++) {
    busy.receive({ changes: [{ id: id(`flood ${i}`), ...times, updates: 1, isNew: true, drops: false, members }] })
  }
  for (let before = -1; before !== told; ) {
    before = told
    await settle()
    deaf.acknowledged()
  }
  t.equal(told, collectionLimits.collections, 'what is no more is not told')
})

function visible(memory: PersistentCollections) {
  const held = memory.find(id('k'), NOW)
  return held === undefined
    ? undefined
    : {
        updates: held.updates,
        timeout: held.ownTimeoutSeconds,
        expiresAtMs: held.expiresAtMs,
        members: held
          .all(NOW)
          .map(({ name, value, expiresAtMs }) => `${name}=${value} until ${expiresAtMs}`)
          .sort(),
      }
}
