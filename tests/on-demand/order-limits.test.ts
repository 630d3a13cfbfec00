import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createLog } from '../../src/log.ts'
import { openOrderLimits } from '../../src/on-demand/order-limits.ts'
import type { Store } from '../../src/store/contract.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { openStore } from '../../src/store/open-store.ts'
import { createMemoryStore } from '../helpers/memory-store.ts'
import { redisConfig, redisMissing, startRedis } from '../helpers/redis.ts'

const hourMs = 3_600_000
const soon = () => AbortSignal.timeout(10_000)
const settings = { perMinute: 5, perRegisteredDomain: { count: 2, periodMs: hourMs } }

/** Each call is another process: of the same machine, or of another one. */
const stores: readonly {
  readonly name: string
  readonly skip: string | false
  readonly start: (t: Test) => Promise<() => Promise<Store>>
}[] = [
  {
    name: 'files',
    skip: false,
    start: async (t) => {
      const folder = t.testdir()
      return () => openFileStore({ folder, log: { warn: () => undefined } })
    },
  },
  {
    name: 'Redis',
    skip: redisMissing(),
    start: async (t) => {
      const folder = t.testdir()
      const redis = await startRedis({ folder: join(folder, 'redis') })
      t.teardown(() => redis.stop())
      let count = 0
      return async () => {
        const opened = await openStore(redisConfig(redis.url, join(folder, `cache-${count++}`)), createLog('silent'))
        t.teardown(() => opened.close())
        return opened.store
      }
    },
  },
]

for (const { name, skip, start } of stores) {
  t.test(`${name}: two edges share the limits, and a restart allows no more`, { skip }, async (t) => {
    const open = await start(t)
    const clock = { ms: Date.parse('2026-07-01T00:00:00Z') }
    const edge = async () => openOrderLimits({ store: await open(), now: () => clock.ms })
    const edges = [await edge(), await edge()] as const
    const take = (i: number, host: string) => edges[i % 2 === 0 ? 0 : 1].take(host, settings, soon())

    const hosts = Array.from({ length: 8 }, (_, i) => `h${i}.shop.example`)
    const taken = await Promise.all(hosts.map((host, i) => take(i, host)))
    t.equal(taken.filter(Boolean).length, 2, 'two a registered domain, however many ask at once')
    const others = Array.from({ length: 8 }, (_, i) => `www.other-${i}.example`)
    const more = await Promise.all(others.map((host, i) => take(i, host)))
    t.equal(more.filter(Boolean).length, 3, 'five a minute in all')

    const restarted = await edge()
    t.equal(await restarted.take('www.third.example', settings, soon()), false)
    clock.ms += 60_000
    t.equal(await restarted.take('www.third.example', settings, soon()), true)
    t.equal(await restarted.take('h9.shop.example', settings, soon()), false, 'the domain has to wait for longer')
    clock.ms += hourMs / 2
    t.equal(await restarted.take('h9.shop.example', settings, soon()), true)
  })
}

t.test('where none is left nothing is locked or written', async (t) => {
  const store = createMemoryStore()
  const limits = openOrderLimits({ store, now: () => 1_000_000 })
  for (const host of ['a.shop.example', 'b.shop.example']) t.equal(await limits.take(host, settings, soon()), true)
  const before = store.written.length
  const lock = await store.lock('limits/on-demand', soon())
  t.equal(await limits.take('c.shop.example', settings, AbortSignal.timeout(500)), false)
  await t.rejects(limits.take('a.other.example', settings, AbortSignal.timeout(200)), 'one that is left waits')
  await lock.release()
  t.equal(store.written.length, before)
})

t.test('a store that cannot be written allows nothing', async (t) => {
  const store = createMemoryStore()
  const limits = openOrderLimits({ store, now: () => 1_000_000 })
  store.failure = new Error('the disk is full')
  await t.rejects(limits.take('a.shop.example', settings, soon()), /disk is full/)
})

t.test('domains for which nothing counts any more are forgotten', async (t) => {
  const store = createMemoryStore()
  const clock = { ms: 1_000_000 }
  const limits = openOrderLimits({ store, now: () => clock.ms })
  await limits.take('a.shop.example', settings, soon())
  await limits.take('a.other.example', settings, soon())
  await limits.prune(soon())
  t.equal(store.values.size, 3)
  clock.ms += hourMs
  await limits.prune(soon())
  t.equal(store.values.size, 0)
})
