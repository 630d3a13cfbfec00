import t from 'tap'
import { growthPerRequest } from '../../bench/memory/growth-per-request.ts'
import { median, percentile } from '../../bench/statistics.ts'

t.test('percentiles by nearest rank', async (t) => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i)
  t.equal(median(values), 50)
  t.equal(percentile(values, 99), 99)
  t.equal(percentile(values, 99.9), 100)
  t.equal(median([7]), 7)
  t.ok(Number.isNaN(median([])))
})

t.test('memory that grows at first is no leak, memory that goes on growing is', async (t) => {
  const samples = (bytes: (requests: number) => number) =>
    Array.from({ length: 20 }, (_, i) => ({ requests: i * 1_000, residentBytes: 0, peakBytes: bytes(i * 1_000) }))
  t.equal(growthPerRequest(samples((requests) => Math.min(requests, 5_000) * 100)), 0)
  t.equal(Math.round(growthPerRequest(samples((requests) => 1e8 + requests * 100))), 100)
})
