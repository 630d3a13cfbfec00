import t from 'tap'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import { newJournal, openOrderUrls, pruneJournals, readJournal, writeJournal } from '../../src/acme/journal.ts'
import { createMemoryStore } from '../helpers/memory-store.ts'

const dayMs = 86_400_000
const identity = {
  directory: 'https://ca.example/dir',
  names: parseCertificateNames(['a.example', 'b.example']),
  keyType: 'ecdsa-p256' as const,
}

t.test('a journal is gone on with by whoever wants the same, for a week', async (t) => {
  const store = createMemoryStore()
  const nowMs = 1_800_000_000_000
  t.equal(await readJournal(store, identity, nowMs), undefined)
  const journal = { ...(await newJournal(identity, nowMs)), isOrdered: true, orderUrl: 'https://ca.example/order/1' }
  t.match(journal.privateKeyPem, /BEGIN (EC )?PRIVATE KEY/)
  t.equal(await readJournal(store, identity, nowMs), undefined, 'not written yet')
  await writeJournal(store, journal)
  t.same(await readJournal(store, identity, nowMs), journal)
  t.same(await readJournal(store, identity, nowMs + 7 * dayMs - 1), journal)
  t.equal(await readJournal(store, identity, nowMs + 7 * dayMs), undefined)

  const others: readonly object[] = [
    { directory: 'https://other.example/dir' },
    { names: parseCertificateNames(['a.example']) },
    { names: parseCertificateNames(['a.example', 'b.example', 'c.example']) },
    { keyType: 'rsa-2048' },
    { profile: 'shortlived' },
    { request: 'abcd' },
  ]
  for (const other of others)
    t.equal(await readJournal(store, { ...identity, ...other }, nowMs), undefined, JSON.stringify(other))
  t.equal(others.length, 6)
})

t.test('a request of somebody else has a journal of its own, without a key', async (t) => {
  const store = createMemoryStore()
  await writeJournal(store, await newJournal(identity, 0))
  const given = await newJournal({ ...identity, request: 'abcd' }, 0)
  t.equal(given.privateKeyPem, '')
  await writeJournal(store, given)
  t.same((await store.list('orders/')).length, 2)
})

t.test('old journals are removed, unless somebody has gone on with them meanwhile', async (t) => {
  const store = createMemoryStore()
  const names = ['old.example', 'fresh.example', 'taken.example']
  for (const name of names) {
    const startedAtMs = name === 'fresh.example' ? 5 * dayMs : 0
    const own = { ...identity, names: parseCertificateNames([name]) }
    await writeJournal(store, { ...(await newJournal(own, startedAtMs)), orderUrl: `https://ca.example/${name}` })
  }
  t.same(
    [...(await openOrderUrls(store))].sort(),
    ['fresh', 'old', 'taken'].map((name) => `https://ca.example/${name}.example`),
  )
  const taken = await store.lock('orders/taken.example', AbortSignal.timeout(1_000))
  const pruning = pruneJournals(store, 8 * dayMs, AbortSignal.timeout(5_000))
  const own = { ...identity, names: parseCertificateNames(['taken.example']) }
  await writeJournal(store, await newJournal(own, 8 * dayMs))
  await taken.release()
  await pruning
  t.same(await store.list('orders/'), ['orders/fresh.example.json', 'orders/taken.example.json'])
})
