import t, { type Test } from 'tap'
import { openAccount } from '../../src/acme/account.ts'
import { accountKey, nextAccountKey } from '../../src/acme/account-record.ts'
import type { AccountPlace } from '../../src/acme/account-session.ts'
import { deactivateAccount } from '../../src/acme/deactivate-account.ts'
import { describeAccount } from '../../src/acme/describe-account.ts'
import { rollOverKey } from '../../src/acme/key-rollover.ts'
import { openTransport } from '../../src/acme/transport.ts'
import type { Store } from '../../src/store/contract.ts'
import { createMemoryStore, type MemoryStore } from '../helpers/memory-store.ts'
import { startLocalCa } from './local-ca/local-ca.ts'

const signal = () => AbortSignal.timeout(20_000)
const killed = () => new Error('killed')

/** A process that ends at its `step`-th write, removal or POST, just before it is done or just after. */
function doomed(place: AccountPlace, { step, when }: { step: number; when: 'before' | 'after' }) {
  let steps = 0
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    steps++
    if (steps > step || (steps === step && when === 'before')) throw killed()
    const done = await work()
    if (steps === step) throw killed()
    return done
  }
  const { store, transport } = place
  const mortal: Store = {
    ...store,
    write: (...words) => guarded(() => store.write(...words)),
    remove: (...words) => guarded(() => store.remove(...words)),
  }
  const send: typeof transport.send = (message, signal) =>
    message.method === 'POST' ? guarded(() => transport.send(message, signal)) : transport.send(message, signal)
  return { place: { ...place, store: mortal, transport: { ...transport, send } }, wasReached: () => steps >= step }
}

async function fixture(t: Test) {
  const { server } = await startLocalCa(t)
  const transport = await openTransport({ rootCa: undefined })
  t.teardown(() => transport.close())
  const acme = { directory: server.directoryUrl, rootCa: undefined, contact: [], certificates: [] }
  const at = (store: MemoryStore) => ({ acme, store, transport })
  const open = (place: AccountPlace) => openAccount({ ...place, onProgress: () => undefined }, signal())
  return { at, open, directory: server.directoryUrl }
}

const works: readonly {
  readonly name: string
  /** Whether the account is the same one afterwards. */
  readonly keeps: boolean
  readonly least: number
  readonly work: (place: AccountPlace, open: (place: AccountPlace) => Promise<unknown>) => Promise<unknown>
}[] = [
  { name: 'registration', keeps: true, least: 3, work: (place, open) => open(place) },
  { name: 'rollover', keeps: true, least: 4, work: (place) => rollOverKey(place, signal()) },
  { name: 'deactivation', keeps: false, least: 6, work: (place) => deactivateAccount(place, signal()) },
]

for (const { name, keeps, least, work } of works) {
  t.test(`${name}: killed at any step, the account is there afterwards, with its key`, async (t) => {
    const { at, open, directory } = await fixture(t)
    let kills = 0
    for (const when of ['before', 'after'] as const) {
      for (let step = 1; ; step++) {
        const store = createMemoryStore()
        const first = name === 'registration' ? undefined : (await open(at(store))).url()
        const victim = doomed(at(store), { step, when })
        const error = await work(victim.place, open).then(
          () => undefined,
          (error: unknown) => error,
        )
        if (!victim.wasReached()) {
          t.equal(error, undefined)
          break
        }
        kills++
        t.match(error, killed(), `${when} step ${step}`)
        const key = String(store.values.get(accountKey(directory)))
        const account = await open(at(store))
        t.match(
          await describeAccount(at(store), signal()),
          { status: 'valid', url: account.url() },
          `${when} step ${step}`,
        )
        if (name === 'registration' && key !== 'undefined')
          t.equal(
            String(store.values.get(accountKey(directory))),
            key,
            'the key that was stored is the one that is used',
          )
        if (keeps && first !== undefined) t.equal(account.url(), first, 'it is the same account')
        // Whatever was begun can be ended now, and leaves nothing behind.
        await work(at(store), open)
        if (keeps) t.match(await describeAccount(at(store), signal()), { status: 'valid', url: account.url() })
        t.notOk(store.values.has(nextAccountKey(directory)))
      }
    }
    t.ok(kills >= least * 2, `${kills} kills`)
  })
}
