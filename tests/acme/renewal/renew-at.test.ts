import fc from 'fast-check'
import t from 'tap'
import { emergencyAtMs, latestRenewalMs } from '../../../src/acme/renewal/lifetime.ts'
import { renewAtMs } from '../../../src/acme/renewal/renew-at.ts'
import { runSize } from '../../helpers/run-size.ts'

const dayMs = 86_400_000
const bornMs = Date.parse('2026-11-26T12:00:00Z')
const { seed, count } = runSize({ usual: 2_000, full: 50_000 })
t.comment(`ACME_EDGE_TEST_SEED=${seed}`)

const living = (days: number, id = 'a') => ({ id, notBeforeMs: bornMs, notAfterMs: bornMs + days * dayMs })

const certificates = fc.record({
  id: fc.string(),
  notBeforeMs: fc.integer({ min: 0, max: 4e12 }),
  lifeMs: fc.integer({ min: 60_000, max: 400 * dayMs }),
})

t.test('the point lies in the window, is the same each time, and moves with the window', async (t) => {
  let moved = 0
  fc.assert(
    fc.property(
      certificates,
      fc.double({ min: 0, max: 0.7, noNaN: true }),
      fc.double({ min: 0.001, max: 0.05, noNaN: true }),
      ({ id, notBeforeMs, lifeMs }, from, width) => {
        const certificate = { id, notBeforeMs, notAfterMs: notBeforeMs + lifeMs }
        const start = Math.floor(notBeforeMs + lifeMs * from)
        const window = { start, end: Math.ceil(start + lifeMs * width) }
        const at = renewAtMs(certificate, window)
        const again = renewAtMs({ ...certificate }, { ...window })
        const later = renewAtMs(certificate, { start: start - 1000, end: window.end })
        if (at !== later) moved += 1
        return at >= window.start && at <= window.end && at === again && Number.isInteger(at)
      },
    ),
    { seed, numRuns: count },
  )
  t.ok(moved > count * 0.9, `${moved} of ${count} drawn anew`)
})

t.test(
  'without a window: before a third of the life is left, half of it for short ones, and not much before',
  async (t) => {
    fc.assert(
      fc.property(certificates, ({ id, notBeforeMs, lifeMs }) => {
        const certificate = { id, notBeforeMs, notAfterMs: notBeforeMs + lifeMs }
        const left = (certificate.notAfterMs - renewAtMs(certificate, undefined)) / lifeMs
        const wanted = lifeMs < 10 * dayMs ? 1 / 2 : 1 / 3
        // Whole milliseconds of lives that may be a minute long.
        return left >= wanted - 1e-4 && left <= wanted + 0.04 + 1e-4
      }),
      { seed, numRuns: count },
    )
    t.equal(latestRenewalMs(bornMs, bornMs + 90 * dayMs), bornMs + 60 * dayMs)
    t.equal(latestRenewalMs(bornMs, bornMs + 6 * dayMs), bornMs + 3 * dayMs)
  },
)

t.test('certificates issued together are renewed apart, evenly', async (t) => {
  const window = { start: bornMs + 58 * dayMs, end: bornMs + 60 * dayMs }
  for (const [name, info] of Object.entries({ window, none: undefined })) {
    const points = Array.from({ length: 10_000 }, (_, i) => renewAtMs(living(90, `id-${i}`), info)).sort(
      (a, b) => a - b,
    )
    const [first = 0, last = 0] = [points[0], points.at(-1)]
    const tenths = new Array(10).fill(0)
    for (const point of points) tenths[Math.min(9, Math.floor(((point - first) / (last - first)) * 10))] += 1
    t.ok(last - first > 1.9 * dayMs, `${name}: ${(last - first) / dayMs} days wide`)
    // Each tenth gets 1000 of them, give or take 30; five deviations.
    t.ok(Math.max(...tenths) < 1_150 && Math.min(...tenths) > 850, `${name}: ${tenths.join(' ')}`)
  }
})

t.test('a window in the past is due now; one that ends after the certificate is cut at the emergency', async (t) => {
  const past = { start: bornMs - 2 * dayMs, end: bornMs - dayMs }
  t.ok(renewAtMs(living(90), past) < bornMs)
  const late = { start: bornMs + 100 * dayMs, end: bornMs + 101 * dayMs }
  t.equal(renewAtMs(living(90), late), bornMs + 81 * dayMs)
})

t.test('the emergency: a tenth of the life, a day of short ones, a quarter of very short ones', async (t) => {
  const leftAt = (days: number) => (bornMs + days * dayMs - emergencyAtMs(bornMs, bornMs + days * dayMs)) / dayMs
  t.same([90, 45, 10, 6, 4, 1].map(leftAt), [9, 4.5, 1, 1, 1, 0.25])
})
