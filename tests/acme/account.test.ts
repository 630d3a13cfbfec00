import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openAccount, tellContact } from '../../src/acme/account.ts'
import { accountKey, nextAccountKey } from '../../src/acme/account-record.ts'
import { deactivateAccount } from '../../src/acme/deactivate-account.ts'
import { describeAccount } from '../../src/acme/describe-account.ts'
import { rollOverKey } from '../../src/acme/key-rollover.ts'
import type { Progress } from '../../src/acme/progress.ts'
import { type AcmeRequest, openTransport, type Transport } from '../../src/acme/transport.ts'
import type { AcmeConfig } from '../../src/config/config.ts'
import { EdgeError } from '../../src/errors.ts'
import { createMemoryStore, type MemoryStore } from '../helpers/memory-store.ts'
import { type PebbleOptions, pebbleMissing, startPebble } from '../helpers/pebble.ts'
import { startLocalCa } from './local-ca/local-ca.ts'

const skip = pebbleMissing()
t.setTimeout(180_000)

/** What goes wrong with a request to an address that ends like this: it is never sent, or done and its answer lost. */
interface Faults {
  readonly path: RegExp
  readonly kind: 'unsent' | 'lost' | 'crash'
  /** How many such requests; the default is all. */
  readonly times?: number
}

interface Fixture {
  readonly place: { acme: AcmeConfig; store: MemoryStore; transport: Transport }
  /** Addresses of the POSTs that the CA got. */
  readonly posted: string[]
  open(contact?: readonly string[]): Promise<{ account: Awaited<ReturnType<typeof openAccount>>; states: string[] }>
  fail(faults: Faults | undefined): void
  key(): string
}

/** Pebble and the local CA have different words for the same refusals: everything is done with both. */
const authorities: readonly { readonly name: string; readonly skip: string | false; readonly start: StartCa }[] = [
  {
    name: 'local CA',
    skip: false,
    start: async (t) => ({ directory: (await startLocalCa(t)).server.directoryUrl, rootCa: undefined }),
  },
  {
    name: 'Pebble',
    skip,
    start: async (t, options = {}) => {
      const pebble = await startPebble({ folder: join(t.testdir(), 'pebble'), ...options })
      t.teardown(() => pebble.stop())
      return pebble
    },
  },
]

type StartCa = (
  t: Test,
  options?: Partial<PebbleOptions>,
) => Promise<{ readonly directory: string; readonly rootCa: string | undefined }>

async function fixture(t: Test, start: StartCa, options: Partial<PebbleOptions> = {}): Promise<Fixture> {
  const { directory, rootCa } = await start(t, options)
  const real = await openTransport({ rootCa })
  t.teardown(() => real.close())
  const posted: string[] = []
  let faults: Faults | undefined
  let left = 0
  const send = async (message: AcmeRequest, signal: AbortSignal) => {
    const isHit = message.method === 'POST' && left > 0 && faults?.path.test(message.url)
    const lost = new EdgeError('ACME_EDGE_ACME_UNREACHABLE', 'the answer was lost')
    if (isHit) left--
    if (isHit && faults?.kind === 'unsent') throw lost
    if (message.method === 'POST') posted.push(message.url)
    const response = await real.send(message, signal)
    if (isHit && faults?.kind === 'lost') throw lost
    if (isHit) throw new Error('the process ends here')
    return response
  }
  const store = createMemoryStore()
  const acme = { directory, rootCa, contact: ['mailto:ops@shop.example'], certificates: [] }
  const place = { acme, store, transport: { ...real, send } }
  return {
    place,
    posted,
    async open(contact = acme.contact) {
      const states: string[] = []
      const onProgress = (event: Progress) => {
        if (event.kind === 'account') states.push(event.state)
      }
      const account = await openAccount({ ...place, acme: { ...acme, contact }, onProgress }, signal())
      return { account, states }
    },
    fail(wanted) {
      faults = wanted
      left = wanted === undefined ? 0 : (wanted.times ?? Number.POSITIVE_INFINITY)
    },
    key: () => String(store.values.get(accountKey(directory))),
  }
}

const signal = () => AbortSignal.timeout(30_000)
const keyChangePath = /(key-change|rollover-account-key)$/

for (const { name, skip, start } of authorities) {
  t.test(`${name}: an account is registered once, shown, and told of contacts`, { skip }, async (t) => {
    const { place, open, posted } = await fixture(t, start)
    await t.rejects(describeAccount(place, signal()), {
      code: 'ACME_EDGE_ACME_ACCOUNT_MISSING',
      message: /account create/,
    })
    const first = await open()
    t.same(first.states, ['created'])
    t.same((await open()).states, ['reused'])
    const before = posted.length
    const shown = await describeAccount(place, signal())
    t.match(shown, {
      ca: place.acme.directory,
      url: first.account.url(),
      status: 'valid',
      contact: ['mailto:ops@shop.example'],
      keyPath: /^accounts\/127\.0\.0\.1-\d+-[0-9a-f]{12}\/key\.pem$/,
    })
    t.match((await first.account.keyAuthorization('token')).split('.')[1], shown.keyThumbprint)
    t.equal(posted.length - before, 1)

    await t.test('contacts told by hand hold until those of the config change', async (t) => {
      const contact = ['mailto:other@shop.example']
      await tellContact(place, first.account, { contact, signal: signal() })
      await open()
      t.same((await describeAccount(place, signal())).contact, contact)
      await open(['mailto:new@shop.example'])
      t.same((await describeAccount(place, signal())).contact, ['mailto:new@shop.example'])
      await open([])
      t.same((await describeAccount(place, signal())).contact, [])
    })
  })

  t.test(`${name}: the key of an account is changed`, { skip }, async (t) => {
    const { place, open, key } = await fixture(t, start)
    await t.rejects(rollOverKey(place, signal()), { code: 'ACME_EDGE_ACME_ACCOUNT_MISSING' })
    const { account } = await open()
    const old = key()
    const { oldThumbprint, newThumbprint } = await rollOverKey(place, signal())
    t.not(key(), old)
    t.not(newThumbprint, oldThumbprint)
    t.notOk(place.store.values.has(nextAccountKey(place.acme.directory)), 'nothing is left of the change')
    t.match(await describeAccount(place, signal()), {
      status: 'valid',
      url: account.url(),
      keyThumbprint: newThumbprint,
    })

    await t.test('who has the account open goes on with the new key', async (t) => {
      const { data } = await account.post({ url: account.url(), doing: 'to show the account' }, signal())
      t.match(data, { status: 'valid' })
      t.equal(await account.keyAuthorization('token'), `token.${newThumbprint}`)
    })
  })

  t.test(`${name}: the answer to a change of keys is lost`, { skip }, async (t) => {
    const { place, open, key, fail, posted } = await fixture(t, start)
    await open()
    const old = key()
    fail({ path: keyChangePath, kind: 'lost', times: 1 })
    const { newThumbprint } = await rollOverKey(place, signal())
    t.equal(
      posted.filter((url) => keyChangePath.test(url)).length,
      1,
      'the CA was asked which key it has, not told twice',
    )
    t.not(key(), old)
    t.match(await describeAccount(place, signal()), { status: 'valid', keyThumbprint: newThumbprint })
  })

  t.test(`${name}: a change of keys that is cut off before or after the CA heard of it`, { skip }, async (t) => {
    const { place, open, key, fail } = await fixture(t, start)
    const { directory } = place.acme
    const { account } = await open()
    const old = key()
    fail({ path: keyChangePath, kind: 'unsent' })
    const stopped = AbortSignal.timeout(600)
    await t.rejects(rollOverKey(place, stopped))
    const next = String(place.store.values.get(nextAccountKey(directory)))
    t.equal(key(), old, 'the old key is kept')
    fail(undefined)
    t.same((await open()).states, ['reused'])
    t.equal(key(), old, 'the CA never had the new one')
    t.equal(String(place.store.values.get(nextAccountKey(directory))), next, 'which may still reach it')

    fail({ path: keyChangePath, kind: 'crash' })
    await t.rejects(rollOverKey(place, signal()), /ends here/)
    fail(undefined)
    t.equal(key(), old)
    t.same((await open()).states, ['reused'])
    t.equal(key(), next, 'the CA has the new one')
    t.notOk(place.store.values.has(nextAccountKey(directory)))
    t.match(await describeAccount(place, signal()), { status: 'valid', url: account.url() })

    await t.test('a crash between the two writes at the end', async (t) => {
      place.store.values.set(nextAccountKey(directory), Buffer.from(next))
      await open()
      t.equal(key(), next)
      t.notOk(place.store.values.has(nextAccountKey(directory)))
    })
  })

  t.test(`${name}: an account is deactivated, its key put aside, and the next one is another`, { skip }, async (t) => {
    const { place, open, key, fail } = await fixture(t, start)
    const { account } = await open()
    const old = key()
    t.same(await deactivateAccount(place, signal()), { kind: 'deactivated', url: account.url() })
    await t.rejects(describeAccount(place, signal()), { code: 'ACME_EDGE_ACME_ACCOUNT_MISSING' })
    const retired = [...place.store.values].filter(([key]) => key.includes('/retired/'))
    t.same(
      retired.map(([, value]) => String(value)),
      [old],
    )
    const second = await open()
    t.same(second.states, ['created'])
    t.not(second.account.url(), account.url())
    t.not(key(), old)

    await t.test('a lost answer', async (t) => {
      fail({ path: new RegExp(`${second.account.url()}$`), kind: 'lost', times: 1 })
      t.match(await deactivateAccount(place, signal()), { url: second.account.url() })
      t.same((await open()).states, ['created'])
    })

    await t.test('cut off before and after the CA heard of it', async (t) => {
      const third = await open()
      fail({ path: new RegExp(`${third.account.url()}$`), kind: 'unsent' })
      await t.rejects(deactivateAccount(place, AbortSignal.timeout(600)))
      fail(undefined)
      t.same((await open()).states, ['reused'], 'it is still there')
      fail({ path: new RegExp(`${third.account.url()}$`), kind: 'crash' })
      await t.rejects(deactivateAccount(place, signal()), /ends here/)
      fail(undefined)
      t.same((await open()).states, ['created'], 'it is not')
    })

    await t.test('an account that was deactivated elsewhere', async (t) => {
      const last = await open()
      const payload = { status: 'deactivated' }
      await last.account.post({ url: last.account.url(), payload, doing: 'the end' }, signal())
      t.match(await describeAccount(place, signal()), { status: /deactivated|refused/ })
      t.same(await deactivateAccount(place, signal()), { kind: 'gone', url: last.account.url() })
      t.same((await open()).states, ['created'])
    })
  })
}

const hourMs = 3_600_000

for (const { name, skip, start } of authorities) {
  t.test(`${name}: accounts that are made are counted, and one too many is not sent`, { skip }, async (t) => {
    const { place, posted } = await fixture(t, start)
    const limits = { limits: { new_accounts: { count: 3, periodMs: hourMs } }, renewalsExempt: undefined }
    const clock = { nowMs: Date.parse('2026-07-01T00:00:00Z') }
    const open = (contact: readonly string[] = []) => {
      const acme = { ...place.acme, contact, limits }
      return openAccount({ ...place, acme, onProgress: () => undefined, now: () => clock.nowMs }, signal())
    }
    const openNext = async () => {
      const account = await open()
      await deactivateAccount(place, signal())
      return account.url()
    }
    const delayed = { code: 'ACME_EDGE_ACME_RATE_LIMITED', details: { limit: 'new_accounts', delayed: true } }

    for (let i = 0; i < 4; i += 1) {
      await t.rejects(open(['tel:+4912345']), { code: 'ACME_EDGE_ACME_REFUSED' }, 'what the CA refuses is given back')
    }
    const urls = new Set([await openNext(), await openNext()])
    const before = posted.length
    const error = await open().catch((error: EdgeError) => error)
    t.match(error, delayed)
    t.match(String(error), /the account has to wait until .*: the CA allows 3 new accounts per address in 1 hour/)
    t.equal(posted.length, before, 'nothing was sent')
    t.ok(error instanceof EdgeError)
    const retryAtMs = Date.parse(String((error as EdgeError).details.retryAt))
    t.ok(retryAtMs > clock.nowMs && retryAtMs <= clock.nowMs + hourMs / 3)

    clock.nowMs = retryAtMs
    const made = (await open()).url()
    t.notOk(urls.has(made))
    t.equal((await open()).url(), made, 'one that is known needs no leave')
    // As after a crash before the account was noted: the CA knows the key.
    for (const key of place.store.values.keys()) if (key.endsWith('account.json')) place.store.values.delete(key)
    t.equal((await open()).url(), made, 'one that is found at the CA is not counted')
    await deactivateAccount(place, signal())
    await t.rejects(open(), delayed)
  })
}

const hmacKey = randomBytes(32).toString('base64url')

t.test('a CA that registers its customers alone', { skip }, async (t) => {
  const [, pebble] = authorities
  if (pebble === undefined) throw new Error('Pebble is one of the CAs')
  const externalAccounts = { 'kid-1': hmacKey, 'kid-2': randomBytes(64).toString('base64url') }
  const { place, open } = await fixture(t, pebble.start, { externalAccounts })
  const folder = t.testdir({ 'key.txt': `${hmacKey}\n`, 'bad.txt': `${hmacKey} and more`, 'short.txt': 'c2hvcnQ' })
  const register = (eab: AcmeConfig['eab']) => {
    const acme = { ...place.acme, eab }
    const states: string[] = []
    const onProgress = (event: Progress) => void (event.kind === 'account' && states.push(event.state))
    return openAccount({ ...place, acme, onProgress }, signal()).then(() => states)
  }

  await t.rejects(open(), { code: 'ACME_EDGE_ACME_EAB_REQUIRED', message: /hmac_key_file/ })
  const wrong: readonly (readonly [name: string, eab: NonNullable<AcmeConfig['eab']>, expected: object])[] = [
    [
      'a kid that the CA does not know',
      { kid: 'kid-9', hmacKey: { text: hmacKey } },
      { code: 'ACME_EDGE_ACME_REFUSED', details: { problem: { type: 'unauthorized' } } },
    ],
    ['the key of another kid', { kid: 'kid-2', hmacKey: { text: hmacKey } }, { code: 'ACME_EDGE_ACME_REFUSED' }],
    [
      'a file that is missing',
      { kid: 'kid-1', hmacKey: { file: join(folder, 'none.txt') } },
      { code: 'ACME_EDGE_ACME_EAB_INVALID', message: /none\.txt/ },
    ],
    [
      'a file that holds more',
      { kid: 'kid-1', hmacKey: { file: join(folder, 'bad.txt') } },
      { code: 'ACME_EDGE_ACME_EAB_INVALID', message: /bad\.txt does not hold/ },
    ],
    [
      'a key that is too short',
      { kid: 'kid-1', hmacKey: { file: join(folder, 'short.txt') } },
      { code: 'ACME_EDGE_ACME_EAB_INVALID', message: /128 bits/ },
    ],
  ]
  for (const [name, eab, expected] of wrong) {
    const error = await register(eab).then(
      () => undefined,
      (error: unknown) => error,
    )
    t.match(error, expected, name)
    t.notMatch(JSON.stringify([String(error), error]), hmacKey, `${name}: the key is not shown`)
  }
  t.equal(wrong.length, 5)

  t.same(await register({ kid: 'kid-1', hmacKey: { file: join(folder, 'key.txt') } }), ['created'])
  t.same((await open()).states, ['reused'], 'an account that is there needs no binding')
  t.match(await describeAccount(place, signal()), { status: 'valid' })
  await rollOverKey(place, signal())
  t.match(await describeAccount(place, signal()), { status: 'valid' })

  await t.test('plain base64 with padding, as some CAs show it', async (t) => {
    const padded = Buffer.from(hmacKey, 'base64url').toString('base64')
    const other = {
      ...place,
      store: createMemoryStore(),
      acme: { ...place.acme, eab: { kid: 'kid-1', hmacKey: { text: padded } } },
    }
    await openAccount({ ...other, onProgress: () => undefined }, signal())
    t.match(await describeAccount(other, signal()), { status: 'valid', externalAccount: 'kid-1' })
  })
})
