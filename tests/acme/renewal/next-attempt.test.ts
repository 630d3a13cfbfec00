import fc from 'fast-check'
import t from 'tap'
import { emergencyAtMs } from '../../../src/acme/renewal/lifetime.ts'
import { nextAttemptMs } from '../../../src/acme/renewal/next-attempt.ts'
import { runSize } from '../../helpers/run-size.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const nowMs = Date.parse('2026-11-26T12:00:00Z')
const { seed, count } = runSize({ usual: 2_000, full: 50_000 })
t.comment(`ACME_EDGE_TEST_SEED=${seed}`)

/** A 90-day certificate with so much left. */
const withLeft = (leftMs: number, id = 'a') => ({
  id,
  notBeforeMs: nowMs + leftMs - 90 * dayMs,
  notAfterMs: nowMs + leftMs,
})

t.test('1, 10, 100 minutes, then daily, 15 % more or less', async (t) => {
  const wanted = [minuteMs, 10 * minuteMs, 100 * minuteMs, dayMs, dayMs, dayMs]
  for (const [i, delayMs] of wanted.entries()) {
    for (const subject of [withLeft(40 * dayMs), { id: 'new.example' }]) {
      const ratio = (nextAttemptMs(subject, { failures: i + 1, nowMs }) - nowMs) / delayMs
      t.ok(ratio >= 0.84 && ratio <= 1.15, `${i + 1}: ${ratio}`)
    }
  }
  t.equal(wanted.length, 6)
})

t.test('what failed together is not repeated together', async (t) => {
  const hours = new Array(25).fill(0)
  for (let i = 0; i < 5_000; i += 1) {
    const at = nextAttemptMs(withLeft(40 * dayMs, `id-${i}`), { failures: 4, nowMs })
    hours[Math.floor((at - nowMs) / hourMs) - 10] += 1
  }
  // 30 % of a day are 7.2 hours: 694 an hour.
  t.ok(Math.max(...hours) < 850, hours.join(' '))
})

t.test(
  'near expiry attempts come closer: the certificate is never slept away, nor the hourly limit broken',
  async (t) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0.0001, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 40 }),
        fc.string(),
        (lifeDays, leftOfLife, failures, id) => {
          const lifeMs = lifeDays * dayMs
          const notAfterMs = nowMs + Math.ceil(lifeMs * leftOfLife)
          const subject = { id, notBeforeMs: notAfterMs - lifeMs, notAfterMs }
          const at = nextAttemptMs(subject, { failures, nowMs })
          const emergencyMs = emergencyAtMs(subject.notBeforeMs, notAfterMs)
          const patient = at <= Math.max(emergencyMs, nowMs + Math.max(15 * minuteMs, (notAfterMs - nowMs) / 24))
          const polite = failures < 4 || at - nowMs >= 15 * minuteMs - 1
          return at > nowMs && patient && polite
        },
      ),
      { seed, numRuns: count },
    )
    t.pass(`${count} cases`)
  },
)

t.test(
  'all failing from the emergency on: dozens of attempts, never more than 5 an hour that do not refill',
  async (t) => {
    const subject = { id: 'x', notBeforeMs: nowMs, notAfterMs: nowMs + 90 * dayMs }
    const times: number[] = []
    let at = nowMs + 60 * dayMs
    for (let failures = 1; at < subject.notAfterMs; failures += 1) {
      times.push(at)
      at = nextAttemptMs(subject, { failures, nowMs: at })
    }
    const inEmergency = times.filter((time) => time >= emergencyAtMs(subject.notBeforeMs, subject.notAfterMs))
    t.ok(inEmergency.length >= 60, `${inEmergency.length} attempts in the emergency`)
    t.ok(times.length < 300, `${times.length} attempts in all`)
    // A bucket of five that gets one back every twelve minutes.
    let tokens = 5
    for (const [i, time] of times.entries()) {
      tokens = Math.min(5, tokens + (time - (times[i - 1] ?? time)) / (12 * minuteMs)) - 1
      t.ok(tokens >= 0, `attempt ${i}`)
    }
  },
)

t.test('an expired certificate is tried hourly', async (t) => {
  t.equal(nextAttemptMs(withLeft(-dayMs), { failures: 9, nowMs }), nowMs + hourMs)
})

t.test("the CA's Retry-After is waited for, in an emergency, too; a week at most", async (t) => {
  const at = (retryMs: number, leftMs = 40 * dayMs) =>
    nextAttemptMs(withLeft(leftMs), { failures: 1, nowMs, retryAtMs: nowMs + retryMs }) - nowMs
  t.equal(at(2 * hourMs), 2 * hourMs)
  t.equal(at(2 * hourMs, hourMs), 2 * hourMs)
  t.equal(at(400 * dayMs), 7 * dayMs)
  t.ok(at(0) >= 0.84 * minuteMs, 'no sooner than our own delay')
})
