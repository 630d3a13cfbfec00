import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseCertificateNames } from '../../src/acme/certificate-names.ts'
import type { CaaRecord, DnsLookup } from '../../src/acme/diagnose/dns-lookup.ts'
import { configuredAuthorities } from '../../src/manage/authorities.ts'
import { permitsByCaa } from '../../src/manage/caa-permits.ts'
import type { ObtainRequest } from '../../src/manage/managed-certificate.ts'
import { openFileStore } from '../../src/store/file-store.ts'
import { openChallengeListener } from '../helpers/challenge-listener.ts'
import { type Exchange, type Fault, startFaultProxy } from '../helpers/fault-proxy.ts'
import { pebbleMissing, startPebble } from '../helpers/pebble.ts'

const isNewOrder = ({ path }: Exchange) => path.startsWith('/order-plz')
const dayMs = 86_400_000
const none = { kind: 'none', exists: true } as const

function dnsWith(records: Readonly<Record<string, readonly CaaRecord[]>>): DnsLookup {
  return {
    a: async () => none,
    aaaa: async () => none,
    async caa(name) {
      const [first, ...rest] = records[name] ?? []
      return first === undefined ? none : { kind: 'records', records: [first, ...rest] }
    },
  }
}

const issueOnly = (value: string): CaaRecord => ({ critical: false, tag: 'issue', value })

async function fixture(t: Test, options: { fault: Fault; caa?: Readonly<Record<string, readonly CaaRecord[]>> }) {
  const publisher = await openChallengeListener()
  t.teardown(() => publisher.close())
  const pebble = await startPebble({ folder: join(t.testdir(), 'pebble'), httpPort: publisher.port })
  t.teardown(() => pebble.stop())
  let isDown = true
  const first = await startFaultProxy(pebble, () => (isDown ? options.fault : undefined))
  const second = await startFaultProxy(pebble, ({ path }) =>
    path === '/dir'
      ? {
          kind: 'rewrite',
          change: (body) => body.replace('"meta": {', '"meta": { "caaIdentities": ["second.example"],'),
        }
      : undefined,
  )
  t.teardown(async () => void (await Promise.all([first.close(), second.close()])))
  const folder = join(t.testdirName, 'certs')
  const store = await openFileStore({ folder, log: { warn: () => undefined } })
  const common = { rootCa: pebble.rootCa, contact: [] }
  const fallback = [{ ...common, directory: second.directory }]
  const acme = { ...common, directory: first.directory, certificates: [], fallback }
  const dns = dnsWith(options.caa ?? {})
  const authorities = configuredAuthorities({ acme: () => acme, store, folder, publisher, dns, now: Date.now })
  const signal = AbortSignal.timeout(60_000)
  const obtain = (request: Partial<ObtainRequest> = {}) => {
    const wanted = { name: 'a.example', names: parseCertificateNames(['a.example']) }
    const record = { directory: undefined, state: { failures: 0 } }
    return authorities.obtain({ wanted, present: undefined, record, reason: 'missing', ...request }, signal)
  }
  return {
    ...{ obtain, first, second, publisher },
    mend: () => {
      isDown = false
    },
    orders: () => [first.seen.filter(isNewOrder).length, second.seen.filter(isNewOrder).length],
  }
}

const down: Fault = { kind: 'answer', status: 503, body: 'busy' }
const present = {
  id: 'a.b',
  names: ['a.example'],
  notBeforeMs: Date.now() - 60 * dayMs,
  notAfterMs: Date.now() + 29 * dayMs,
  isRevoked: false,
}

t.test('where there is nothing to serve, the next CA stands in at once', { skip: pebbleMissing() }, async (t) => {
  const { obtain, first, second, mend, orders } = await fixture(t, { fault: down })
  t.same(await obtain(), { directory: second.directory })
  t.same(orders(), [0, 1])
  mend()
  t.same(await obtain(), { directory: first.directory })
  t.same(orders(), [1, 1])
})

t.test(
  'a renewal has time: it waits for the first CA, until that has failed three times',
  { skip: pebbleMissing() },
  async (t) => {
    const { obtain, second, orders } = await fixture(t, { fault: down })
    for (const failures of [0, 1]) {
      const record = { directory: undefined, state: { failures } }
      await t.rejects(obtain({ present, record, reason: 'due' }), { code: /ACME_EDGE_ACME_(REFUSED|UNREACHABLE)/ })
      t.same(orders(), [0, 0])
    }
    const record = { directory: undefined, state: { failures: 2 } }
    t.same(await obtain({ present, record, reason: 'due' }), { directory: second.directory })
    const emergency = { ...present, notAfterMs: Date.now() + dayMs }
    t.same(await obtain({ present: emergency, reason: 'due' }), { directory: second.directory })
    t.same(orders(), [0, 2])
  },
)

t.test('CAA keeps an order from a CA that has to refuse it', { skip: pebbleMissing() }, async (t) => {
  const { obtain, orders } = await fixture(t, { fault: down, caa: { example: [issueOnly('first.example')] } })
  await t.rejects(obtain(), { code: /ACME_EDGE_ACME_(REFUSED|UNREACHABLE)/ }, "the first one's word is what is told")
  t.same(orders(), [0, 0])
})

t.test('a failed validation is not tried at another CA', { skip: pebbleMissing() }, async (t) => {
  const { obtain, orders, mend, publisher } = await fixture(t, { fault: down })
  mend()
  publisher.publish = async () => undefined
  await t.rejects(obtain(), { code: 'ACME_EDGE_ACME_VALIDATION_FAILED' })
  t.same(orders(), [1, 0])
})

t.test('what CAA says of a CA', async (t) => {
  const signal = AbortSignal.timeout(5_000)
  const records = {
    'shop.example': [issueOnly('second.example')],
    'method.example': [issueOnly('second.example; validationmethods=dns-01')],
    'account.example': [issueOnly('second.example; accounturi=https://second.example/acct/1')],
    example: [issueOnly('first.example')],
    org: [issueOnly(';')],
  }
  const cases: readonly (readonly [names: readonly string[], permits: boolean])[] = [
    [['shop.example', 'www.shop.example'], true],
    [['shop.example', 'other.example'], false],
    [['method.example'], false],
    [['account.example'], true],
    [['a.org'], false],
    [['a.test'], true],
    [['192.0.2.1', '2001:db8::1'], true],
    [[], true],
  ]
  const identity = { identities: ['second.example'], accountUrl: 'https://second.example/acct/1' }
  for (const [names, permits] of cases)
    t.equal(await permitsByCaa(names, identity, { dns: dnsWith(records), signal }), permits, names.join())
  const unknown = { identities: [], accountUrl: undefined }
  t.equal(
    await permitsByCaa(['shop.example'], unknown, { dns: dnsWith(records), signal }),
    true,
    'who does not say is asked',
  )
  t.equal(cases.length, 8)
})
