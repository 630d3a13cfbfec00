import fc from 'fast-check'
import t from 'tap'
import { type Budget, type BudgetAnswer, openBudget } from '../../../src/acme/budget/budget.ts'
import { budgetOf } from '../../../src/acme/budget/budget-of.ts'
import { type CaLimits, defaultLimitsOf, isExempt, limitsOf, noLimits } from '../../../src/acme/budget/ca-limits.ts'
import type { BudgetedOrder } from '../../../src/acme/budget/order-buckets.ts'
import { outcomeOf, rateLimited } from '../../../src/acme/budget/rate-limited.ts'
import { registeredDomain } from '../../../src/acme/budget/registered-domain.ts'
import { problemError } from '../../../src/acme/problem.ts'
import { EdgeError } from '../../../src/errors.ts'
import { openFileStore } from '../../../src/store/file-store.ts'
import { createCountingCa } from '../../helpers/counting-ca.ts'
import { createMemoryStore } from '../../helpers/memory-store.ts'
import { runSize } from '../../helpers/run-size.ts'

const { seed, count } = runSize({ usual: 100, full: 2_000 })
t.comment(`ACME_EDGE_TEST_SEED=${seed}`)

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const startMs = Date.parse('2026-11-26T12:00:00Z')
const signal = AbortSignal.timeout(300_000)
const letsEncrypt = defaultLimitsOf('https://acme-v02.api.letsencrypt.org/directory')

function createBench(ca: CaLimits = letsEncrypt, store = createMemoryStore()) {
  const clock = { nowMs: startMs }
  const budget = openBudget({ store, folder: 'limits/ca', ca, now: () => clock.nowMs })
  return Object.assign(clock, {
    store,
    budget,
    /** Reserves again and again; how many there were before it was delayed, and by what. */
    async exhaust(order: BudgetedOrder, most = 1_000): Promise<{ allowed: number; answer: BudgetAnswer }> {
      for (let allowed = 0; allowed < most; allowed += 1) {
        const answer = await budget.reserve(order, signal)
        if (!answer.allowed) return { allowed, answer }
      }
      throw new Error(`never delayed in ${most}`)
    },
  })
}

const order = (names: readonly string[], more: Partial<BudgetedOrder> = {}): BudgetedOrder => ({
  accountId: 'https://ca/acct/1',
  names,
  isRenewal: false,
  viaAri: false,
  ...more,
})

t.test("Let's Encrypt's limits are known, those of others are not guessed", async (t) => {
  t.same(letsEncrypt.limits.new_orders, { count: 300, periodMs: 3 * hourMs })
  t.same(letsEncrypt.limits.certificates_per_domain, { count: 50, periodMs: 7 * dayMs })
  t.same(letsEncrypt.limits.duplicate_certificates, { count: 5, periodMs: 7 * dayMs })
  t.same(letsEncrypt.limits.failed_validations, { count: 5, periodMs: hourMs })
  t.same(letsEncrypt.limits.new_accounts, { count: 10, periodMs: 3 * hourMs })
  const staging = defaultLimitsOf('https://acme-staging-v02.api.letsencrypt.org/directory')
  t.equal(staging.limits.failed_validations?.count, 200)
  for (const url of ['https://127.0.0.1:14000/dir', 'https://acme-v02.api.letsencrypt.org.evil.example/', 'junk'])
    t.equal(defaultLimitsOf(url), noLimits)
})

t.test('the config replaces what is known of a CA, key by key, and each CA has a folder of its own', async (t) => {
  const limits = { new_orders: { count: 1, periodMs: hourMs }, duplicate_certificates: 'off' } as const
  const directory = 'https://acme-v02.api.letsencrypt.org/directory'
  const changed = limitsOf(directory, { limits, renewalsExempt: undefined })
  const { duplicate_certificates: _, ...others } = letsEncrypt.limits
  t.same(changed, { limits: { ...others, new_orders: limits.new_orders }, renewalsExempt: true })
  t.same(limitsOf('https://ca/dir', undefined), noLimits)
  const store = createMemoryStore()
  const [one, other] = ['https://ca/dir', 'https://ca/other'].map((directory) =>
    budgetOf({ acme: { directory, limits: { limits, renewalsExempt: false } }, store, now: () => startMs }),
  )
  t.same(await one?.reserve(order(['x.example']), signal), { allowed: true })
  t.match(await one?.reserve(order(['y.example']), signal), { limit: 'new_orders', atMs: startMs + hourMs + minuteMs })
  t.same(await other?.reserve(order(['y.example']), signal), { allowed: true })
})

t.test('renewals: through ARI exempt from all but failures, by their names from account and domain', async (t) => {
  const names = ['new_orders', 'certificates_per_domain', 'duplicate_certificates', 'failed_validations'] as const
  const exempt = (isRenewal: boolean, viaAri: boolean) =>
    names.map((name) => isExempt(name, { isRenewal, viaAri }, true))
  t.same(exempt(false, false), [false, false, false, false])
  t.same(exempt(true, false), [true, true, false, false])
  t.same(exempt(true, true), [true, true, true, false])
  t.notOk(names.some((name) => isExempt(name, { isRenewal: true, viaAri: true }, false)))
})

t.test('each limit delays with its name, its subject and the time', async (t) => {
  const { exhaust } = createBench()
  // A minute is kept for requests that take long: at 36 s an order, two of the 300.
  const fresh = { accountId: 'a', isRenewal: false, viaAri: false }
  let i = 0
  const many = createBench()
  let answer: BudgetAnswer = { allowed: true }
  for (; answer.allowed && i < 400; i += 1)
    answer = await many.budget.reserve({ ...fresh, names: [`a.n${i}.com`] }, signal)
  t.equal(i - 1, 299 - 1)
  t.match(answer, { limit: 'new_orders', atMs: startMs + 24_000, why: /300 new orders per account in 3 hours/ })
  const perDomain = createBench()
  for (i = 0, answer = { allowed: true }; answer.allowed && i < 100; i += 1)
    answer = await perDomain.budget.reserve(order([`h${i}.shop.co.uk`]), signal)
  t.equal(i - 1, 49)
  t.match(answer, {
    limit: 'certificates_per_domain',
    why: /50 certificates per registered domain in 7 days \(shop\.co\.uk\)/,
  })
  const duplicates = await exhaust(order(['b.example', 'a.example']))
  t.equal(duplicates.allowed, 4)
  t.match(duplicates.answer, {
    limit: 'duplicate_certificates',
    atMs: startMs + minuteMs,
    why: /a\.example, b\.example/,
  })
})

t.test('failed validations: no order for the host until one is allowed again; others go on', async (t) => {
  const bench = createBench()
  const { budget } = bench
  let failures = 0
  for (
    let answer = await budget.ask(order(['x.example']));
    answer.allowed;
    answer = await budget.ask(order(['x.example']))
  ) {
    await budget.noteOutcome(order(['x.example']), { kind: 'failed', failedHosts: ['x.example'] }, signal)
    failures += 1
    if (failures > 10) break
  }
  t.equal(failures, 4)
  const answer = await budget.ask(order(['x.example', 'y.example'], { isRenewal: true, viaAri: true }))
  t.match(answer, { allowed: false, limit: 'failed_validations', atMs: startMs + minuteMs })
  t.same(await budget.ask(order(['y.example'])), { allowed: true })
  t.same(await budget.ask(order(['x.example'], { accountId: 'other' })), { allowed: true })
  bench.nowMs += minuteMs
  t.same(await budget.ask(order(['x.example'])), { allowed: true })
})

t.test('an order that came to nothing gets back what the CA counts when it issues', async (t) => {
  const { budget, exhaust } = createBench()
  const wish = order(['x.example'])
  for (let i = 0; i < 20; i += 1) {
    t.same(await budget.reserve(wish, signal), { allowed: true })
    await budget.noteOutcome(wish, { kind: 'failed', failedHosts: [] }, signal)
  }
  t.equal((await exhaust(wish)).allowed, 4)
})

t.test('a 429 overrides the model: what Boulder names is closed until its Retry-After, and nothing else', async (t) => {
  const cases = [
    ['too many new orders (300) from this account in the last 3h0m0s', 'new_orders', ['other.example'], []],
    [
      'too many certificates (50) already issued for "x.example" in the last 168h0m0s',
      'certificates_per_domain',
      ['b.x.example'],
      ['other.example'],
    ],
    [
      'too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s',
      'duplicate_certificates',
      ['a.x.example'],
      ['b.x.example'],
    ],
    [
      'too many failed authorizations (5) for "a.x.example" in the last 1h0m0s',
      'failed_validations',
      ['a.x.example'],
      ['b.x.example'],
    ],
    ['come back later', 'ca', ['a.x.example'], ['b.x.example']],
  ] as const
  for (const [detail, limit, closed, open] of cases) {
    const bench = createBench()
    const { budget } = bench
    const refused = { kind: 'refused', detail, retryAtMs: startMs + 5 * hourMs } as const
    await budget.noteOutcome(order(['a.x.example']), refused, signal)
    const answer = await budget.ask(order(closed))
    t.match(answer, { allowed: false, limit }, detail)
    t.ok(!answer.allowed && answer.atMs - startMs >= 5 * hourMs && answer.atMs - startMs <= 5 * hourMs + minuteMs)
    if (open.length > 0) t.same(await budget.ask(order(open)), { allowed: true }, detail)
    bench.nowMs += 5 * hourMs + minuteMs
    t.same(await budget.ask(order(closed)), { allowed: true }, detail)
  }
  t.equal(cases.length, 5)
})

t.test('a CA of which no limits are known is believed, too; a Retry-After of years is not', async (t) => {
  const bench = createBench(noLimits)
  const { budget } = bench
  for (let i = 0; i < 1_000; i += 1) await budget.reserve(order(['x.example']), signal)
  t.same(bench.store.written, [], 'nothing is counted')
  const detail = 'too many new orders'
  await budget.noteOutcome(
    order(['x.example']),
    { kind: 'refused', detail, retryAtMs: startMs + 4_000 * dayMs },
    signal,
  )
  t.match(await budget.reserve(order(['y.example']), signal), {
    allowed: false,
    limit: 'ca',
    atMs: startMs + 7 * dayMs,
  })
  await budget.noteOutcome('new account', { kind: 'refused', detail: '', retryAtMs: undefined }, signal)
  t.match(await budget.ask('new account'), { allowed: false, limit: 'ca', atMs: startMs + hourMs })
})

t.test('accounts are counted, too', async (t) => {
  const { budget } = createBench()
  const answers = []
  for (let i = 0; i < 11; i += 1) answers.push(await budget.reserve('new account', signal))
  t.equal(answers.filter(({ allowed }) => allowed).length, 9)
  t.match(answers.at(-1), { limit: 'new_accounts', why: /10 new accounts per address in 3 hours/ })
})

t.test('replicas share what is left: fifty that start at once reserve no more than there is', async (t) => {
  const folder = t.testdir()
  const budgets: Budget[] = []
  for (let i = 0; i < 5; i += 1) {
    const store = await openFileStore({ folder, log: { warn: () => undefined } })
    budgets.push(openBudget({ store, folder: 'limits/ca', ca: letsEncrypt, now: () => startMs }))
  }
  const wish = order(['x.example', 'y.example'])
  const asked = Array.from({ length: 50 }, (_, i) => budgets[i % 5]?.reserve(wish, signal))
  const answers = await Promise.all(asked)
  t.equal(answers.filter((answer) => answer?.allowed).length, 4)
})

t.test('those that wait for the same are told different times, and are served at them', async (t) => {
  const bench = createBench()
  const pace = { count: 2, periodMs: 10 * minuteMs }
  const paced = (i: number) => order([`n${i}.example`], { isRenewal: true, viaAri: true, pace })
  const until: number[] = []
  for (let i = 0; i < 200; i += 1) {
    const answer = await bench.budget.reserve(paced(i), signal)
    if (!answer.allowed) until.push(answer.atMs)
  }
  t.equal(until.length, 199)
  // Twelve have places, five minutes apart; the others share the hour.
  t.same(
    until.slice(0, 12).map((atMs) => (atMs - startMs) / minuteMs),
    [1, 6, 11, 16, 21, 26, 31, 36, 41, 46, 51, 56],
  )
  t.ok(new Set(until).size > 190, `${new Set(until).size} different times`)
  t.ok(Math.max(...until) <= startMs + 62 * minuteMs)
  let served = 0
  for (const [i, atMs] of until.slice(0, 12).entries()) {
    bench.nowMs = atMs
    if ((await bench.budget.reserve(paced(i + 1), signal)).allowed) served += 1
  }
  t.equal(served, 12)
})

t.test(
  'what is counted survives a restart; a record that is none counts as empty; what is past is removed',
  async (t) => {
    const bench = createBench()
    await bench.exhaust(order(['x.example', '2001:db8::1']))
    const again = createBench(letsEncrypt, bench.store)
    t.match(await again.budget.ask(order(['2001:db8::1', 'x.example'])), { allowed: false })
    const keys = [...bench.store.values.keys()].sort()
    t.match(keys, [
      /^limits\/ca\/account-[\w-]{22}\.json$/,
      'limits/ca/domain-2001_db8_0_0__.json',
      'limits/ca/domain-x.example.json',
    ])
    bench.store.values.set(
      'limits/ca/domain-x.example.json',
      Buffer.from('{"buckets":{"certificates":"soon"},"closed":7}'),
    )
    t.same(await again.budget.ask(order(['x.example'])), { allowed: true })
    await again.budget.prune(signal)
    t.equal(bench.store.values.size, 2, 'what still counts is kept')
    again.nowMs += 8 * dayMs
    await again.budget.prune(signal)
    t.equal(bench.store.values.size, 0)
  },
)

t.test('hosts with odd names are hosts', async (t) => {
  const { budget } = createBench()
  const odd = order(['__proto__', 'constructor'])
  for (let i = 0; i < 4; i += 1) t.same(await budget.reserve(odd, signal), { allowed: true })
  t.match(await budget.reserve(odd, signal), { allowed: false })
})

t.test('the error says what waits, until when and why; the outcome of an error is what the CA counts', async (t) => {
  const { exhaust } = createBench()
  const { answer } = await exhaust(order(['x.example']))
  if (answer.allowed) throw new Error('not delayed')
  const error = rateLimited(answer, 'the certificate for x.example')
  t.match(error, {
    code: 'ACME_EDGE_ACME_RATE_LIMITED',
    details: { retryAt: '2026-11-26T12:01:00.000Z', limit: 'duplicate_certificates' },
  })
  t.match(
    error.message,
    /^the certificate for x\.example has to wait until 2026-11-26T12:01:00\.000Z: the CA allows 5 .* \(x\.example\)/,
  )
  const detail = 'too many new orders (300)'
  const problem = { type: 'rateLimited', detail, status: 429, subproblems: [] }
  const refused = problemError(problem, { doing: 'the order', retryAtMs: startMs })
  t.same(outcomeOf(refused, ['x.example']), { kind: 'refused', detail, retryAtMs: startMs })
  t.same(outcomeOf(problemError(problem, { doing: 'the order' }), []), {
    kind: 'refused',
    detail,
    retryAtMs: undefined,
  })
  const failed = new EdgeError('ACME_EDGE_ACME_VALIDATION_FAILED', 'no')
  t.same(outcomeOf(failed, ['x.example']), { kind: 'failed', failedHosts: ['x.example'] })
  t.same(outcomeOf(new EdgeError('ACME_EDGE_ACME_UNREACHABLE', 'no'), ['x.example']), {
    kind: 'failed',
    failedHosts: [],
  })
  t.same(outcomeOf(new Error('a defect'), ['x.example']), { kind: 'failed', failedHosts: [] })
})

t.test('whatever is ordered, whenever and how it ends: a CA that keeps all timestamps never answers 429', async (t) => {
  const ca: CaLimits = {
    limits: {
      new_orders: { count: 12, periodMs: 3 * hourMs },
      certificates_per_domain: { count: 6, periodMs: 7 * dayMs },
      duplicate_certificates: { count: 3, periodMs: 7 * dayMs },
      failed_validations: { count: 3, periodMs: hourMs },
    },
    renewalsExempt: true,
  }
  const totals = { allowed: 0, delayed: 0, refused: 0 }
  const hosts = ['a.one.com', 'b.one.com', 'one.com', 'two.co.uk', 'x.two.co.uk', 'three.org', '192.0.2.1']
  const step = fc.record({
    account: fc.constantFrom('1', '2'),
    names: fc.uniqueArray(fc.constantFrom(...hosts), { minLength: 1, maxLength: 3 }),
    kind: fc.constantFrom('new', 'new', 'new', 'renewal', 'ari'),
    fails: fc.constantFrom(false, false, false, true),
    waitMs: fc.constantFrom(0, 0, 1_000, minuteMs, hourMs, 10 * hourMs),
    isPatient: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 120 }), async (steps) => {
      const bench = createBench(ca)
      const counting = createCountingCa()
      const naive = (wish: BudgetedOrder) => naiveOrder(counting, ca, { order: wish, nowMs: bench.nowMs })
      for (const { account, names, kind, fails, waitMs, isPatient } of steps) {
        bench.nowMs += waitMs
        const wish = order(names, { accountId: account, isRenewal: kind !== 'new', viaAri: kind === 'ari' })
        let answer = await bench.budget.reserve(wish, signal)
        if (!answer.allowed) {
          totals.delayed += 1
          if (!isPatient) continue
          bench.nowMs = answer.atMs
          answer = await bench.budget.reserve(wish, signal)
          // What was stated holds: nothing else happened meanwhile.
          if (!answer.allowed) return false
        }
        totals.allowed += 1
        if (!naive(wish).place(fails)) {
          totals.refused += 1
          return false
        }
        const outcome = fails ? ({ kind: 'failed', failedHosts: names } as const) : ({ kind: 'done' } as const)
        await bench.budget.noteOutcome(wish, outcome, signal)
      }
      return true
    }),
    { seed, numRuns: count },
  )
  t.ok(totals.allowed > count * 10 && totals.delayed > count * 3, JSON.stringify(totals))
})

/** As Let's Encrypt's documentation tells it, in words of its own. */
function naiveOrder(
  counting: ReturnType<typeof createCountingCa>,
  ca: CaLimits,
  { order: { accountId, names, isRenewal, viaAri }, nowMs }: { order: BudgetedOrder; nowMs: number },
) {
  const { new_orders, certificates_per_domain, duplicate_certificates, failed_validations } = ca.limits
  if (!new_orders || !certificates_per_domain || !duplicate_certificates || !failed_validations)
    throw new Error('missing')
  const domains = [...new Set(names.map(registeredDomain))]
  const set = [...names].sort().join()
  return {
    place(fails: boolean): boolean {
      const checks = [
        ...names.map((host) => counting.allows(`failed ${accountId} ${host}`, failed_validations, nowMs)),
        ...(viaAri ? [] : [counting.allows(`set ${set}`, duplicate_certificates, nowMs)]),
        ...(isRenewal ? [] : domains.map((one) => counting.allows(`domain ${one}`, certificates_per_domain, nowMs))),
        ...(isRenewal ? [] : [counting.count(`orders ${accountId}`, new_orders, nowMs)]),
      ]
      if (checks.includes(false)) return false
      if (fails) return names.every((host) => counting.count(`failed ${accountId} ${host}`, failed_validations, nowMs))
      const issued = [
        viaAri || counting.count(`set ${set}`, duplicate_certificates, nowMs),
        ...(isRenewal ? [] : domains.map((one) => counting.count(`domain ${one}`, certificates_per_domain, nowMs))),
      ]
      return !issued.includes(false)
    },
  }
}
