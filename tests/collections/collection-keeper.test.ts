import { monitorEventLoopDelay } from 'node:perf_hooks'
import t from 'tap'
import { CollectionKeeper } from '../../src/collections/collection-keeper.ts'
import { createLog, type Logger } from '../../src/log.ts'
import { collectionId } from '../../src/waf/persistent/collection-id.ts'
import type { MemberOperation } from '../../src/waf/persistent/member.ts'
import { collectionLimits } from '../../src/waf/persistent/persistent-collections.ts'
import { eventually } from '../helpers/edge-process.ts'
import { createMemoryStore, type MemoryStore } from '../helpers/memory-store.ts'

const START = 1_700_000_000_000
const id = (key: string) => collectionId('ip', key, '')

function open(store: MemoryStore, options: { nowMs?: number; intervalMs?: number } = {}) {
  const clock = { nowMs: options.nowMs ?? START }
  const lines: string[] = []
  const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`)
  const log: Logger = Object.assign(createLog('silent'), { warn: note, error: note })
  const keeper = new CollectionKeeper({ store, log, now: () => clock.nowMs, intervalMs: options.intervalMs ?? 30 })
  const write = (key: string, operation: MemberOperation, timeoutSeconds = 3600) =>
    keeper.memory.write({
      id: id(key),
      atMs: operation.atMs,
      timeoutSeconds,
      isFirst: true,
      what: { kind: 'member', name: 'Count', operation },
    })
  const add = (key: string, timeoutSeconds?: number) =>
    write(key, { kind: 'add', delta: 1, atMs: clock.nowMs }, timeoutSeconds)
  const value = (key: string) => keeper.memory.member(id(key), 'count', clock.nowMs)?.value
  return { keeper, clock, lines, write, add, value }
}

t.test('what was kept is there again, as far as it has not expired', async (t) => {
  const store = createMemoryStore()
  const first = open(store)
  first.add('long')
  first.add('long')
  first.add('short', 10)
  first.add('one value')
  first.write('one value', { kind: 'expire', expiresAtMs: START + 5_000, atMs: START })
  first.write('odd', { kind: 'set', value: '\0\xff"\n\\', atMs: START })
  await first.keeper.close()
  const second = open(store, { nowMs: START + 10_000 })
  await second.keeper.load()
  t.equal(second.value('long'), '2')
  t.equal(second.value('short'), undefined)
  t.equal(second.value('one value'), undefined)
  t.equal(second.value('odd'), '\0\xff"\n\\')
  t.strictSame(second.keeper.memory.state(id('long')), first.keeper.memory.state(id('long')))
  const earlier = open(store, { nowMs: START + 4_999 })
  await earlier.keeper.load()
  t.equal(earlier.value('one value'), '1')
})

t.test('many changes are one write, of the record that has changed; none is no write', async (t) => {
  const store = createMemoryStore()
  const { keeper, add } = open(store)
  await keeper.load()
  for (let i = 0; i < 1_000; i++) add('a')
  t.equal(store.written.length, 0, 'not while a rule waits')
  await eventually('it is written', () => store.written.length > 0)
  await new Promise((resolve) => setTimeout(resolve, 120))
  t.equal(store.written.length, 1)
  t.match(store.written[0], /^collections\/ip-\d$/)
  const startedAt = performance.now()
  while (performance.now() - startedAt < 300) {
    add('a')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const passes = store.written.length - 1
  t.ok(passes >= 2 && passes <= 11, `${passes} writes in 300 ms, one every 30 ms at most`)
  await keeper.close()
  await keeper.close()
  const afterwards = store.written.length
  await new Promise((resolve) => setTimeout(resolve, 60))
  t.equal(store.written.length, afterwards)
  t.match(String(store.values.get(store.written[0] ?? '')), /"Count"/)
})

t.test('what has expired is forgotten, and a record without anything goes', async (t) => {
  const store = createMemoryStore()
  const { keeper, clock, add } = open(store)
  add('a', 10)
  await eventually('it is written', () => store.values.size === 1)
  clock.nowMs += 10_000
  keeper.apply({
    ...{ id: id('a'), firstAtMs: START, lastAtMs: START, timeoutSeconds: 10, updates: 0, isNew: false, drops: true },
    members: [],
  })
  await eventually('it is gone', () => store.values.size === 0)
  t.equal(keeper.memory.size('ip'), 0)
})

t.test('what is damaged is reported and left out, line by line; the rest counts', async (t) => {
  const store = createMemoryStore()
  const first = open(store)
  for (let i = 0; i < 40; i++) first.add(`k${i}`)
  await first.keeper.close()
  t.equal(store.values.size, 4)
  const good = JSON.stringify(first.keeper.memory.state(id('k0')))
  const bad = [
    '{',
    'null',
    '[]',
    '{}',
    good.replace('ip:', 'tx:'),
    good.replace('"updates":1', '"updates":"1"'),
    good.replace('"updates":1', '"updates":-1'),
    good.replace(/"expiresAtMs":\d+/, '"expiresAtMs":1e999'),
    good.replace('"value":"1"', '"value":1'),
    good.replace('"value":"1"', '"value":"\u0100"'),
    good.replace('"name":"Count"', '"name":null'),
    good.replace(/"members":.*/, '"members":{}}'),
  ]
  t.equal(new Set([good, ...bad]).size, bad.length + 1)
  for (const key of store.values.keys()) await store.write(key, `${bad.join('\n')}\n${store.values.get(key)}`)
  const second = open(store)
  await second.keeper.load()
  t.equal(second.keeper.memory.size('ip'), 40)
  t.equal(second.lines.length, 4)
  for (const line of second.lines) t.match(line, /damaged.*collections\/ip-\d.*"damaged":12/)
})

t.test('a store that cannot be read or written costs the memory, not the edge', async (t) => {
  const store = createMemoryStore()
  const { keeper, add, value, lines } = open({
    ...store,
    read: () => Promise.reject(new Error('both copies are damaged')),
    write: () => Promise.reject(new Error('no space left')),
    list: async () => ['collections/ip-0', 'collections/ip-1'],
  })
  await keeper.load()
  t.equal(lines.filter((line) => line.includes('both copies are damaged')).length, 2)
  lines.length = 0
  add('a')
  await eventually('it was tried', () => lines.length > 0)
  await new Promise((resolve) => setTimeout(resolve, 200))
  t.equal(lines.length, 1, 'once, not with every change')
  t.match(lines[0], /no space left/)
  t.equal(value('a'), '1')
  await keeper.close()
  const unlisted = open({ ...store, list: () => Promise.reject(new Error('gone')) })
  await unlisted.keeper.load()
  t.match(unlisted.lines, [/begin anew.*gone/])
})

t.test('a disk that hangs does not keep a stopping edge', async (t) => {
  const hanging: MemoryStore = { ...createMemoryStore(), write: () => new Promise(() => undefined) }
  const { keeper, add, lines } = open(hanging)
  add('a')
  await new Promise((resolve) => setTimeout(resolve, 60))
  const startedAt = performance.now()
  const alive = setTimeout(() => undefined, 10_000) // a process has other things that keep it
  await keeper.close()
  clearTimeout(alive)
  t.ok(performance.now() - startedAt < 4_000)
  t.match(lines, [/not written in time/])
})

t.test('after a restart, too, a flood pushes out what has not changed for the longest time', async (t) => {
  const store = createMemoryStore()
  const first = open(store)
  const keys = Array.from({ length: 200 }, (_, i) => `k${i}`)
  for (const key of keys.toReversed()) {
    first.clock.nowMs += 1
    first.add(key)
  }
  await first.keeper.close()
  const second = open(store, { nowMs: START + 1_000 })
  await second.keeper.load()
  for (let i = 0; i < collectionLimits.collections - 100; i++) second.add(`flood ${i}`)
  t.strictSame(
    keys.map((key) => second.value(key) !== undefined),
    keys.map((_, i) => i < 100),
  )
  await second.keeper.close()
})

t.test('after a failure nothing is lost when the disk is well again', async (t) => {
  const store = createMemoryStore()
  store.failure = new Error('no space left')
  const { keeper, add, lines } = open(store)
  add('a')
  await eventually('it was tried', () => lines.length > 0)
  store.failure = undefined
  await keeper.close()
  t.equal(store.values.size, 1)
})

t.test('a record from a clock that was ahead does not live until then', async (t) => {
  const store = createMemoryStore()
  const wrong = open(store, { nowMs: START + 1e12 })
  wrong.add('a', 60)
  await wrong.keeper.close()
  const right = open(store)
  await right.keeper.load()
  t.equal(right.value('a'), '1')
  right.clock.nowMs += 60_000
  t.equal(right.value('a'), undefined)
})

t.test('100,000 new keys: what is written stays bounded, and requests get their turn', async (t) => {
  const store = createMemoryStore()
  const bytes: number[] = []
  const counting: MemoryStore = {
    ...store,
    write(key, value) {
      bytes.push(value.length)
      return store.write(key, value)
    },
  }
  const { keeper, add } = open(counting, { intervalMs: 50 })
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  for (let i = 0; i < 100_000; i++) {
    add(`flood ${i}`)
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  delay.disable()
  await keeper.close()
  t.equal(keeper.memory.size('ip'), collectionLimits.collections)
  t.equal(store.values.size, 4)
  const largest = Math.max(...bytes)
  t.comment(
    `${bytes.length} records written, the largest ${largest} bytes; longest turn ${Math.round(delay.max / 1e6)} ms`,
  )
  t.ok(largest < 1_000_000)
  const again = open(store)
  await again.keeper.load()
  t.equal(again.keeper.memory.size('ip'), collectionLimits.collections)
})
