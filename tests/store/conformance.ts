import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { StoreConfig } from '../../src/config/config.ts'
import type { Store } from '../../src/store/contract.ts'

export interface ConformanceOptions {
  /** Opens the same, initially empty, store again: what one handle writes the other reads. */
  readonly open: () => Promise<Store>
  /** How another process opens it. `undefined`: none can. */
  readonly config?: StoreConfig
  /** Takes a held lock away from its holder, as if it had been paused for longer than its lease. */
  readonly breakLock: (name: string) => unknown
}

/** What every store must do, whichever it is. Answers how many cases ran. */
export async function runStoreConformance(t: Test, options: ConformanceOptions): Promise<number> {
  const first = await options.open()
  const second = await options.open()
  const { config } = options
  const all = config === undefined ? cases : [...cases, ...processCases(config)]
  for (const [name, check] of all) await t.test(name, (t) => check(t, first, second))
  await t.test('a holder that was paused cannot undo what its successor did', (t) =>
    staleWriter(t, first, second, options),
  )
  return all.length + 1
}

type Case = (t: Test, first: Store, second: Store) => Promise<unknown>

const cases: readonly (readonly [string, Case])[] = [
  ['a missing key is undefined', async (t, first) => t.equal(await first.read('absent/key'), undefined)],
  ['a value comes back byte for byte, through another handle, too', roundTrip],
  ['the last of two writes stands', lastWrite],
  [
    'an empty value is a value',
    async (t, first) => {
      await first.write('empty', '')
      t.equal((await first.read('empty'))?.length, 0)
    },
  ],
  ['a removed key is missing, and removing it again is fine', removal],
  ['keys are listed by prefix, sorted by byte', listing],
  ['many keys', manyKeys],
  ['every byte that a key may have', oddKeys],
  ['a name that could leave the store is refused', badKeys],
  ['concurrent writes leave one of the values, whole', concurrentWrites],
  ['a reader finds the old value or the new one', atomicity],
  ['a lock excludes, and its number grows with each acquisition', lockExcludes],
  ['waiting for a lock ends with the signal', lockAborts],
  ['locks of different names do not meet', lockNames],
  ['writes under a lock, and after its release as long as nobody took it', lockedWrites],
  ['a lock is released once', doubleRelease],
]

const processCases = (config: StoreConfig): readonly (readonly [string, Case])[] => [
  [
    'two processes count together under a lock, and none loses the other’s count',
    (t, first) => counting(t, first, config),
  ],
]

async function roundTrip(t: Test, first: Store, second: Store): Promise<void> {
  const value = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  await first.write('bytes/all.bin', value)
  t.same(await first.read('bytes/all.bin'), value)
  t.same(await second.read('bytes/all.bin'), value)
}

async function lastWrite(t: Test, first: Store, second: Store): Promise<void> {
  await first.write('twice', 'a longer first value')
  await second.write('twice', 'second')
  t.equal(String(await first.read('twice')), 'second')
}

async function removal(t: Test, first: Store, second: Store): Promise<void> {
  await first.write('gone/soon', 'x')
  await second.remove('gone/soon')
  t.equal(await first.read('gone/soon'), undefined)
  await first.remove('gone/soon')
  await first.remove('never/was/there')
}

async function listing(t: Test, first: Store): Promise<void> {
  for (const key of ['list/b', 'list/a', 'list/B', 'list/sub/a', 'listing']) await first.write(key, key)
  t.same(await first.list('list/'), ['list/B', 'list/a', 'list/b', 'list/sub/a'])
  t.same(await first.list('nothing/'), [])
}

async function manyKeys(t: Test, first: Store, second: Store): Promise<void> {
  const keys = Array.from({ length: 300 }, (_, i) => `many/${String(i).padStart(4, '0')}/value.json`)
  await Promise.all(keys.map((key, i) => (i % 2 ? first : second).write(key, key)))
  t.same(await first.list('many/'), keys)
  t.same(await first.list('many/000'), keys.slice(0, 10), 'a prefix may end within a segment')
  const values = await Promise.all(keys.map((key) => second.read(key)))
  t.same(values.map(String), keys)
  await Promise.all(keys.map((key) => first.remove(key)))
  t.same(await second.list('many/'), [])
}

async function oddKeys(t: Test, first: Store, second: Store): Promise<void> {
  const odd = [
    '*.shop.example',
    'a@b',
    '-',
    '_',
    '.hidden',
    '...',
    'A',
    `${'x'.repeat(200)}`,
    'a*b',
    '1.2.3.4',
    '1/2/3/4/5/6/7',
  ]
  for (const key of odd) await first.write(`odd/${key}`, `value of ${key}`)
  for (const key of odd) t.equal(String(await second.read(`odd/${key}`)), `value of ${key}`, key)
  const sorted = odd.map((key) => `odd/${key}`).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  t.same(await second.list('odd/'), sorted)
  t.same(await second.list('odd/*'), ['odd/*.shop.example'], 'a prefix is no pattern')
}

async function badKeys(t: Test, first: Store): Promise<void> {
  const bad = ['', '/', '..', 'a/../b', './a', 'a//b', '/etc/passwd', 'a/', 'a~', 'a b', 'a\0b', 'a\\b', 'ü']
  for (const key of bad) {
    const refused = { code: 'ACME_EDGE_STORE_KEY_INVALID' }
    await t.rejects(first.read(key), refused, JSON.stringify(key))
    await t.rejects(first.write(key, 'x'), refused)
    await t.rejects(first.remove(key), refused)
  }
}

async function concurrentWrites(t: Test, first: Store, second: Store): Promise<void> {
  const values = Array.from({ length: 12 }, (_, i) => String.fromCharCode(97 + i).repeat(1000 + i))
  await Promise.all(values.map((value, i) => (i % 2 ? first : second).write('contended', value)))
  t.ok(values.includes(String(await first.read('contended'))))
}

async function lockExcludes(t: Test, first: Store, second: Store): Promise<void> {
  const signal = AbortSignal.timeout(20_000)
  const numbers: number[] = []
  let inside = 0
  const work = async (store: Store) => {
    const lock = await store.lock('exclusive', signal)
    inside += 1
    t.equal(inside, 1, 'one at a time')
    numbers.push(lock.fencing)
    await new Promise((resolve) => setTimeout(resolve, 5))
    inside -= 1
    await lock.release()
  }
  await Promise.all([first, second, first, second, first, second].map(work))
  t.same(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
    'strictly growing',
  )
}

async function lockAborts(t: Test, first: Store, second: Store): Promise<void> {
  const lock = await first.lock('waited-for', AbortSignal.timeout(5_000))
  await t.rejects(second.lock('waited-for', AbortSignal.timeout(150)), { code: 'ACME_EDGE_STORE_BUSY' })
  await lock.release()
  await (await second.lock('waited-for', AbortSignal.timeout(5_000))).release()
}

async function lockNames(t: Test, first: Store, second: Store): Promise<void> {
  const one = await first.lock('a', AbortSignal.timeout(5_000))
  const other = await second.lock('a.b', AbortSignal.timeout(5_000))
  t.ok(one.fencing > 0 && other.fencing > 0)
  await one.release()
  await other.release()
}

async function atomicity(t: Test, first: Store, second: Store): Promise<void> {
  const values = Array.from({ length: 30 }, (_, i) => String.fromCharCode(97 + (i % 26)).repeat(20_000 + 1_000 * i))
  await first.write('atomic', String(values[0]))
  let writing = true
  let reads = 0
  const reader = (async () => {
    while (writing) {
      if (!values.includes(String(await second.read('atomic')))) t.fail('half a value')
      reads += 1
    }
  })()
  for (const value of values) await first.write('atomic', value)
  writing = false
  await reader
  t.ok(reads >= 5, `${reads} reads`)
}

async function lockedWrites(t: Test, first: Store, second: Store): Promise<void> {
  const lock = await first.lock('locked/writes', AbortSignal.timeout(5_000))
  t.equal(lock.name, 'locked/writes')
  t.notOk(lock.signal.aborted)
  await first.write('locked/key', 'under the lock', { lock })
  t.equal(String(await second.read('locked/key')), 'under the lock')
  await lock.release()
  await first.write('locked/key', 'nobody took it', { lock })
  await first.remove('locked/key', { lock })
  t.equal(await second.read('locked/key'), undefined)
}

async function doubleRelease(t: Test, first: Store, second: Store): Promise<void> {
  const lock = await first.lock('twice', AbortSignal.timeout(5_000))
  await lock.release()
  const next = await second.lock('twice', AbortSignal.timeout(5_000))
  await lock.release()
  await t.rejects(
    first.lock('twice', AbortSignal.timeout(150)),
    { code: 'ACME_EDGE_STORE_BUSY' },
    'not the successor’s',
  )
  await next.release()
}

async function staleWriter(t: Test, first: Store, second: Store, { breakLock }: ConformanceOptions): Promise<void> {
  const paused = await first.lock('orders/shop', AbortSignal.timeout(5_000))
  await first.write('orders/value', 'of the first', { lock: paused })
  await breakLock('orders/shop')
  const next = await second.lock('orders/shop', AbortSignal.timeout(5_000))
  t.ok(next.fencing > paused.fencing)
  const refused = { code: 'ACME_EDGE_STORE_STALE' }
  await t.rejects(first.write('orders/value', 'too late', { lock: paused }), refused, 'before the successor wrote')
  await second.write('orders/value', 'of the successor', { lock: next })
  await t.rejects(first.write('orders/value', 'too late', { lock: paused }), refused)
  await t.rejects(first.write('orders/other', 'too late', { lock: paused }), refused, 'whatever the key')
  await t.rejects(first.remove('orders/value', { lock: paused }), refused)
  await paused.release()
  await t.rejects(first.lock('orders/shop', AbortSignal.timeout(150)), { code: 'ACME_EDGE_STORE_BUSY' })
  await next.release()
  await t.rejects(first.write('orders/value', 'too late', { lock: paused }), refused, 'after the successor’s end, too')
  t.equal(String(await first.read('orders/value')), 'of the successor')
  t.equal(await first.read('orders/other'), undefined)
}

/** Each process adds to one number, a hundred times in all, reading and writing it under the lock. */
async function counting(t: Test, first: Store, config: StoreConfig): Promise<void> {
  await first.write('counter', '0')
  const words = [join(import.meta.dirname, 'store-writer.ts'), JSON.stringify(config), '25']
  const writers = Array.from({ length: 4 }, () =>
    spawn(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'] }),
  )
  for (const writer of writers) t.teardown(() => writer.kill('SIGKILL'))
  const ends = await Promise.all(writers.map((writer) => once(writer, 'exit')))
  t.same(
    ends.map(([code]) => code),
    [0, 0, 0, 0],
  )
  t.equal(String(await first.read('counter')), '100')
  t.match(String(await first.read('unlocked')), /^(\d+ )\1{4999}$/, 'a value without a lock is one writer’s, whole')
}
