import fc from 'fast-check'
import t from 'tap'
import { emptyUntil, freeAtMs, giveBack, refillMs, take } from '../../../src/acme/budget/token-bucket.ts'
import { createCountingCa } from '../../helpers/counting-ca.ts'
import { runSize } from '../../helpers/run-size.ts'

const { seed, count } = runSize({ usual: 500, full: 20_000 })
t.comment(`ACME_EDGE_TEST_SEED=${seed}`)
const startMs = Date.parse('2026-11-26T12:00:00Z')

const limits = fc.record({
  count: fc.integer({ min: 1, max: 60 }),
  periodMs: fc.constantFrom(1_000, 3_600_000, 3 * 3_600_000, 7 * 86_400_000),
})

t.test('greedy or patient, late or in time: a CA that keeps all timestamps never refuses', async (t) => {
  let taken = 0
  let delayed = 0
  const step = fc.record({
    waitOfPeriod: fc.double({ min: 0, max: 0.2, noNaN: true }),
    lateOfMargin: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(limits, fc.array(step, { minLength: 50, maxLength: 150 }), (limit, steps) => {
      const ca = createCountingCa()
      const marginMs = Math.min(60_000, limit.periodMs / 10)
      let [nowMs, arrivalMs, fullAtMs] = [startMs, startMs, 0]
      for (const { waitOfPeriod, lateOfMargin } of steps) {
        nowMs += waitOfPeriod < 0.1 ? 0 : (waitOfPeriod - 0.1) * limit.periodMs
        if (freeAtMs(fullAtMs, limit) > nowMs) {
          delayed += 1
          continue
        }
        fullAtMs = take(fullAtMs, limit, nowMs)
        taken += 1
        // It arrives within the margin, after those before it.
        arrivalMs = Math.max(arrivalMs, nowMs + lateOfMargin * marginMs)
        if (!ca.count('it', limit, arrivalMs)) return false
      }
      return true
    }),
    { seed, numRuns: count },
  )
  t.ok(taken > count * 10 && delayed > count, `${taken} taken, ${delayed} delayed`)
})

t.test('no more is withheld than the margin: what is delayed is taken when it is said to be free', async (t) => {
  fc.assert(
    fc.property(limits, fc.integer({ min: 1, max: 200 }), (limit, tries) => {
      let [nowMs, fullAtMs] = [startMs, 0]
      for (let i = 0; i < tries; i += 1) {
        const freeMs = freeAtMs(fullAtMs, limit)
        if (freeMs - nowMs > refillMs(limit) + Math.min(60_000, limit.periodMs / 10) + 1e-3) return false
        nowMs = Math.max(nowMs, freeMs)
        fullAtMs = take(fullAtMs, limit, nowMs)
      }
      // All of a full bucket at once but for the margin, then one each refill; of a bucket of one the margin is paid each time.
      const marginMs = Math.min(60_000, limit.periodMs / 10)
      const withheld = 1 + ((limit.count === 1 ? tries : 1) * marginMs) / refillMs(limit)
      return nowMs - startMs <= Math.max(0, tries - limit.count + withheld) * refillMs(limit) + 1e-3 * tries
    }),
    { seed, numRuns: count },
  )
  t.pass(`${count} cases`)
})

t.test('what is given back can be taken again; what is empty until a time has one then', async (t) => {
  const limit = { count: 5, periodMs: 3_600_000 }
  const once = take(0, limit, startMs)
  t.equal(giveBack(take(once, limit, startMs), limit), once)
  const freeMs = freeAtMs(emptyUntil(startMs + 1_000, limit), limit)
  t.equal(freeMs, startMs + 61_000, 'with the margin')
  t.ok(freeAtMs(0, limit) < startMs)
})
