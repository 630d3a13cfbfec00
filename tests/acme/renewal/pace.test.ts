import t from 'tap'
import { paceOf } from '../../../src/acme/renewal/pace.ts'

const dayMs = 86_400_000

t.test('a small fleet is not paced, a large one to a quarter above its mean', async (t) => {
  t.strictSame(paceOf({ certificates: 3, renewalIntervalMs: 60 * dayMs }), { count: 5, periodMs: 3_600_000 })
  t.strictSame(paceOf({ certificates: 0, renewalIntervalMs: 0 }), { count: 5, periodMs: 3_600_000 })
  const { count, periodMs } = paceOf({ certificates: 1_000_000, renewalIntervalMs: 60 * dayMs })
  const meanPerHour = 1_000_000 / (60 * 24)
  t.ok(Math.abs((count / periodMs) * 3_600_000 - 1.25 * meanPerHour) < 1e-6)
  t.ok(count <= meanPerHour / 7, 'no burst to speak of')
  const middling = paceOf({ certificates: 6_000, renewalIntervalMs: 60 * dayMs })
  t.equal(middling.count, 2)
  t.ok(Math.abs((2 / middling.periodMs) * 3_600_000 - (1.25 * 6_000) / 1_440) < 1e-9)
})
