import t from 'tap'
import { judgeGrowth } from '../../../bench/growth/judge-growth.ts'
import type { Expectation, Series } from '../../../bench/growth/series.ts'

const xs = [1, 10, 100, 1_000]

function judge(expectation: Expectation, y: (x: number) => number) {
  const series: Series = { name: 's', title: 's', xUnit: 'x', yUnit: 'y', expectation, measure: async () => [] }
  return judgeGrowth(
    series,
    xs.map((x) => ({ x, y: y(x) })),
  )
}

t.test('linear growth is as it should be where it is allowed', async (t) => {
  t.equal(judge('linear', (x) => 500 + 3 * x).verdict, 'as it should be')
  t.equal(judge('linear', () => 500).verdict, 'as it should be')
  t.equal(judge('constant', (x) => 500 + 3 * x).verdict, 'grows and should not')
  t.equal(judge('constant', (x) => 80 * x ** 0.15).verdict, 'as it should be', 'the cost of a larger memory')
})

t.test('a quadratic part is found although the beginning hides it', async (t) => {
  const { verdict, exponent } = judge('linear', (x) => 500 + x ** 2)
  t.equal(verdict, 'worse than linear')
  t.ok(exponent > 1.7, `power ${exponent}`)
})

t.test('points that were not measured do not count', async (t) => {
  t.equal(judge('linear', (x) => (x === 1_000 ? Number.NaN : x)).exponent, 1)
})

t.test('a point that took longer than linear growth allows is worse than linear', async (t) => {
  const series: Series = {
    name: 's',
    title: 's',
    xUnit: 'x',
    yUnit: 'y',
    expectation: 'linear',
    measure: async () => [],
  }
  const measured = xs.map((x) => ({ x, y: x }))
  const last = { x: 10_000, y: Number.NaN }
  t.equal(judgeGrowth(series, [...measured, { ...last, tooSlow: true }]).verdict, 'worse than linear')
  t.equal(judgeGrowth(series, [...measured, { ...last, tooSlow: false }]).verdict, 'as it should be')
})

t.test('one point says nothing', async (t) => {
  t.throws(() => judge('linear', (x) => (x === 1 ? 1 : Number.NaN)))
})
