import { join } from 'node:path'
import t, { type Test } from 'tap'
import { budgetOf } from '../../../src/acme/budget/budget-of.ts'
import { parseCertificateNames } from '../../../src/acme/certificate-names.ts'
import { issueWithinBudget } from '../../../src/acme/issue-within-budget.ts'
import type { CaLimitsConfig } from '../../../src/config/config.ts'
import { openFileStore } from '../../../src/store/file-store.ts'
import { openChallengeListener } from '../../helpers/challenge-listener.ts'
import { createCountingCa } from '../../helpers/counting-ca.ts'
import { startFaultProxy } from '../../helpers/fault-proxy.ts'
import { pebbleMissing, startPebble } from '../../helpers/pebble.ts'

const skip = pebbleMissing()
const hourMs = 3_600_000
const limit = { count: 3, periodMs: hourMs }
const newOrder = { isRenewal: false, viaAri: false }

t.test('orders that the CA would refuse are not sent, and those that are sent are not refused', { skip }, async (t) => {
  const { ca, issue } = await fixture(t, { limits: { new_orders: limit }, renewalsExempt: undefined })
  let [sent, delayed] = [0, 0]
  for (let i = 0; i < 6; i += 1) {
    const error = await issue(`n${i}.example`)
    if (error === undefined) sent += 1
    else {
      delayed += 1
      t.match(error, { code: 'ACME_EDGE_ACME_RATE_LIMITED', details: { limit: 'new_orders', delayed: true } })
      t.match(error.message, /has to wait until .*: the CA allows 3 new orders per account in 1 hour.*nothing was sent/)
      const retryAtMs = Date.parse(error.details.retryAt)
      t.ok(retryAtMs > ca.clock.nowMs && retryAtMs <= ca.clock.nowMs + hourMs / 3 + 60_000)
      ca.clock.nowMs = retryAtMs
    }
  }
  t.ok(sent >= 3 && delayed >= 2, `${sent} sent, ${delayed} delayed`)
  t.equal(ca.orders(), sent)
  t.equal(ca.refused(), 0)
})

t.test('a CA whose limits nobody knows refuses once; until its Retry-After nothing is sent', { skip }, async (t) => {
  const { ca, issue } = await fixture(t, undefined)
  for (let i = 0; i < 3; i += 1) t.equal(await issue(`n${i}.example`), undefined)
  t.match(await issue('late.example'), { details: { problem: { type: 'rateLimited' } } })
  const orders = ca.orders()
  for (const name of ['late.example', 'other.example']) {
    t.match(await issue(name), { code: 'ACME_EDGE_ACME_RATE_LIMITED', details: { limit: 'ca', delayed: true } })
  }
  t.equal(ca.orders(), orders)
  t.equal(ca.refused(), 1)
  ca.clock.nowMs += hourMs / 2
  t.equal(await issue('late.example'), undefined)
})

t.test('an order is counted once: it is gone on with although the limit is used up', { skip }, async (t) => {
  const { ca, issue, publisher } = await fixture(t, {
    limits: { new_orders: { count: 1, periodMs: hourMs } },
    renewalsExempt: undefined,
  })
  const { publish } = publisher
  publisher.publish = async () => {
    throw new Error('the process ends here')
  }
  t.match(await issue('late.example'), { message: /ends here/ })
  publisher.publish = publish
  t.match(await issue('other.example'), { details: { limit: 'new_orders', delayed: true } })
  t.equal(await issue('late.example'), undefined)
  t.match(await issue('other.example'), { details: { limit: 'new_orders', delayed: true } })
  t.equal(ca.orders(), 1)
})

t.test('an order that comes to nothing gives back what it took of the domain, once', { skip }, async (t) => {
  const perDomain = { count: 1, periodMs: hourMs }
  const { ca, issue, publisher } = await fixture(t, {
    limits: { certificates_per_domain: perDomain },
    renewalsExempt: undefined,
  })
  const { publish } = publisher
  publisher.publish = async () => undefined
  t.match(await issue('a.shop.example'), { code: 'ACME_EDGE_ACME_VALIDATION_FAILED' })
  publisher.publish = publish
  t.equal(await issue('b.shop.example'), undefined)
  t.match(await issue('c.shop.example'), { details: { limit: 'certificates_per_domain', delayed: true } })
  t.equal(ca.orders(), 2)
})

t.test('an order that wants an account waits for its limit, and stands for no word of the CA', { skip }, async (t) => {
  const { ca, issue, budget } = await fixture(t, {
    limits: { new_accounts: { count: 1, periodMs: hourMs } },
    renewalsExempt: undefined,
  })
  t.match(await budget.reserve('new account', AbortSignal.timeout(5_000)), { allowed: true })
  for (let i = 0; i < 2; i += 1) {
    const error = await issue('late.example')
    t.match(error, { code: 'ACME_EDGE_ACME_RATE_LIMITED', details: { limit: 'new_accounts', delayed: true } })
    const waitMs = Date.parse(error.details.retryAt) - ca.clock.nowMs
    t.ok(waitMs > 0 && waitMs <= 2 * hourMs + 60_000, `${waitMs} ms`)
  }
  ca.clock.nowMs += 3 * hourMs
  t.equal(await issue('late.example'), undefined)
  t.equal(await issue('other.example'), undefined, 'by the same account')
})

/** A Pebble behind a proxy that counts new orders as Boulder does, by a clock of the test's own. */
async function fixture(t: Test, limits: CaLimitsConfig | undefined) {
  const base = t.testdir()
  const certificateFolder = join(base, 'certs')
  const publisher = await openChallengeListener()
  t.teardown(() => publisher.close())
  const pebble = await startPebble({ folder: join(base, 'pebble'), httpPort: publisher.port })
  t.teardown(() => pebble.stop())
  // Retry-After is a span, counted from the real time: the clock of the test begins there.
  const clock = { nowMs: Date.now() }
  const counting = createCountingCa()
  let refused = 0
  const proxy = await startFaultProxy(pebble, ({ path }) => {
    if (!path.startsWith('/order-plz') || counting.count('account', limit, clock.nowMs)) return undefined
    refused += 1
    const detail = 'too many new orders (3) from this account in the last 1h0m0s'
    const body = JSON.stringify({ type: 'urn:ietf:params:acme:error:rateLimited', detail, status: 429 })
    return { kind: 'answer', status: 429, headers: { 'retry-after': '1200' }, body }
  })
  t.teardown(() => proxy.close())
  const store = await openFileStore({ folder: certificateFolder, log: { warn: () => undefined } })
  const { directory } = proxy
  const acme = { directory, rootCa: pebble.rootCa, contact: [], certificates: [], limits }
  const issue = async (name: string) => {
    const signal = AbortSignal.timeout(30_000)
    const parts = { acme, store, certificateFolder, publisher, signal, now: () => clock.nowMs }
    return issueWithinBudget({ names: parseCertificateNames([name]), ...parts }, newOrder).then(
      () => undefined,
      (error) => error,
    )
  }
  const orders = () => proxy.seen.filter(({ path }) => path.startsWith('/order-plz')).length
  const budget = budgetOf({ acme, store, now: () => clock.nowMs })
  return { ca: { clock, orders, refused: () => refused }, issue, publisher, budget }
}
