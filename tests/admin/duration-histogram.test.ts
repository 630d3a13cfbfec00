import { Histogram, Registry } from 'prom-client'
import t from 'tap'
import { DurationHistogram } from '../../src/admin/duration-histogram.ts'
import { renderMetrics } from '../../src/admin/metrics.ts'

t.test('says what a histogram of prom-client says', async (t) => {
  const bounds = [0.001, 0.01, 0.1]
  const registry = new Registry()
  const theirs = new Histogram({ name: 'x_seconds', help: 'x', buckets: bounds, registers: [registry] })
  const ours = new DurationHistogram('x_seconds', 'x', bounds)
  for (const milliseconds of [0, 0.5, 1, 1.5, 10, 11, 100, 5_000]) {
    theirs.observe(milliseconds / 1000)
    ours.observe(milliseconds)
  }
  const page = await renderMetrics([[ours.snapshot()], [ours.snapshot()]])
  t.equal(page, await renderMetrics([await registry.getMetricsAsJSON(), await registry.getMetricsAsJSON()]))
  t.match(page, 'x_seconds_bucket{le="0.01"} 10')
})
