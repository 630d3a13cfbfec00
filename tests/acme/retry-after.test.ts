import t from 'tap'
import { parseRetryAfterMs } from '../../src/acme/retry-after.ts'

t.test('Retry-After is seconds or a date; anything else is as if it were absent', async (t) => {
  const nowMs = Date.parse('2026-11-22T12:00:00Z')
  const cases: readonly (readonly [string | undefined, number | undefined])[] = [
    ['0', 0],
    ['3', 3_000],
    ['86400', 86_400_000],
    ['Sun, 22 Nov 2026 12:00:10 GMT', 10_000],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['99999999999999999999', undefined],
  ]
  for (const [value, expected] of cases) t.equal(parseRetryAfterMs(value, nowMs), expected, String(value))
  t.equal(cases.length, 9)
})
