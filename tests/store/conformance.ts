import type { Test } from 'tap'
import type { Store } from '../../src/store/contract.ts'

export interface ConformanceOptions {
  /** Opens the same, initially empty, store again: what one handle writes the other reads. */
  readonly open: () => Promise<Store>
}

/** What every store must do, whichever it is. Answers how many cases ran. */
export async function runStoreConformance(t: Test, options: ConformanceOptions): Promise<number> {
  const first = await options.open()
  const second = await options.open()
  for (const [name, check] of cases) await t.test(name, (t) => check(t, first, second))
  return cases.length
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
  ['a name that could leave the store is refused', badKeys],
  ['concurrent writes leave one of the values, whole', concurrentWrites],
  ['a lock excludes, and its number grows with each acquisition', lockExcludes],
  ['waiting for a lock ends with the signal', lockAborts],
  ['locks of different names do not meet', lockNames],
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
