import t from 'tap'
import { createDraw } from '../../bench/renewals/draw.ts'
import { barsOf, ratesOf } from '../../bench/renewals/judge.ts'
import { caWith, dayMs, defaultScenario, hourMs, type Scenario } from '../../bench/renewals/scenario.ts'
import { simulate } from '../../bench/renewals/simulate.ts'
import { createTimingWheel } from '../../bench/renewals/timing-wheel.ts'

const certificates = 20_000

function run(options: Partial<Scenario> = {}) {
  const scenario = defaultScenario({ certificates, ...options })
  const outcome = simulate(scenario)
  const bars = barsOf(scenario, outcome)
  return { outcome, bars, rates: ratesOf(scenario, outcome), missed: bars.filter(({ isMet }) => !isMet) }
}

const perAccount = (count: number) => ({ count, periodMs: 3 * hourMs })

t.test('three years of a fleet: no peak, nothing expires, no limit broken, the revoked replaced in time', async (t) => {
  const seeds = [1, 2, Date.now() % 1_000_000]
  for (const seed of seeds) {
    const { outcome, bars, missed } = run({ seed })
    t.strictSame(missed, [], `seed ${seed}`)
    t.equal(bars.length, 5)
    // It is a fleet, and it went through all of it.
    t.ok(outcome.issued > 25 * certificates, `${outcome.issued} issued`)
    t.ok(outcome.unreached > 300 && outcome.failedValidations > 3_000, 'both kinds of failures came up')
    t.ok(outcome.moved > 300 && outcome.longestQueue > 1_000)
    t.ok(outcome.longestWaitMs > dayMs, 'the limit of a registered domain came up')
  }
})

t.test('a CA that counts every order: the account limit is kept, and what is left of it is enough', async (t) => {
  const { missed, outcome } = run({ ca: caWith(perAccount(90), { countsRenewals: true }) })
  t.strictSame(missed, [])
  let worst = 0
  for (let hour = 0; hour + 3 <= outcome.ordersOfHour.length; hour += 1) {
    worst = Math.max(
      worst,
      outcome.ordersOfHour.subarray(hour, hour + 3).reduce((a, b) => a + b, 0),
    )
  }
  // A full bucket and what comes back in three hours.
  t.ok(worst <= 180, `${worst} orders in three hours`)
})

t.test('several accounts share the work', async (t) => {
  t.strictSame(run({ accounts: 4, ca: caWith(perAccount(24), { countsRenewals: true }) }).missed, [])
})

t.test('without ARI certificates live on as well', async (t) => {
  const { missed, outcome } = run({ hasAri: false })
  t.strictSame(missed, [])
  t.equal(outcome.askedForWindows, 0)
})

t.test('the bars can be missed: a limit below what the fleet needs, and renewals that are not paced', async (t) => {
  const tooLittle = run({ ca: caWith(perAccount(45), { countsRenewals: true }) })
  t.match(tooLittle.missed.map(({ name }) => name).join('; '), /no certificate expires/)
  t.equal(tooLittle.outcome.broken.size, 0, 'and even then no limit is broken')
  const rushed = run({ isPaced: false })
  t.match(rushed.missed.map(({ name }) => name).join('; '), /twice the mean/)
  t.ok(rushed.rates.peak > 1.5 * run().rates.peak)
})

t.test('the same seed, the same fate; another seed, another one', async (t) => {
  const [first, again, other] = [run({ seed: 7 }), run({ seed: 7 }), run({ seed: 8 })]
  t.strictSame(again.outcome, first.outcome)
  t.not(other.outcome.orders, first.outcome.orders)
})

t.test('the timing wheel gives every item once, at its minute or the next that is left', async (t) => {
  const [items, minutes] = [2_000, 500]
  const draw = createDraw(3)
  const wheel = createTimingWheel(items, minutes)
  const due = new Map<number, number>()
  const put = (item: number, minute: number) => {
    wheel.put(item, minute)
    due.set(item, minute)
  }
  for (let item = 0; item < items; item += 1) put(item, Math.floor(draw() * minutes * 1.2))
  let taken = 0
  for (let minute = 0; minute < minutes; minute += 1) {
    const moved = Math.floor(draw() * items)
    // One that is still there is moved, maybe to the past: it comes at once.
    if (due.has(moved) && Number(due.get(moved)) >= minute) put(moved, Math.max(minute, Math.floor(draw() * minutes)))
    if (minute % 7 === 0 && due.size > 0) {
      const [gone] = [...due.keys()]
      wheel.remove(Number(gone))
      due.delete(Number(gone))
    }
    for (let item = wheel.take(minute); item !== -1; item = wheel.take(minute)) {
      if (due.get(item) !== minute) t.fail(`${item} at ${minute}, due at ${due.get(item)}`)
      due.delete(item)
      taken += 1
    }
  }
  t.ok(taken > items / 2)
  t.ok(
    [...due.values()].every((minute) => minute >= minutes),
    'only what is due later is left',
  )
  wheel.put(0, 3)
  t.equal(wheel.take(minutes - 1), -1, 'a minute that was taken is past, and beyond the end there is nothing')
})
