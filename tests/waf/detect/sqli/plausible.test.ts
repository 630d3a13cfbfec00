import t from 'tap'
import { examine } from '../../../../src/waf/detect/sqli/find-sql-injection.ts'
import { isPlausible } from '../../../../src/waf/detect/sqli/plausible.ts'
import type { Reading } from '../../../../src/waf/detect/sqli/token.ts'

const cases: readonly (readonly [value: string, quote: Reading['quote'], fingerprint: string, isPlausible: boolean])[] =
  [
    ['1 or 1=1', '', '1&1', true],
    ['1 or 1', '', '1&1', true],
    ['7 and 5', '', '1&1', false],
    ["a' or 'b", "'", 's&s', true],
    ['a" or "b', '"', 's&s', false],
    ['a" = "b', '"', 'sos', true],
    ["glob('*', () => {})", "'", 'sos', false],
    ["admin'--", "'", 'sc', true],
    ["dresses' --infant", "'", 'sc', false],
    ["admin'/*", "'", 'sc', true],
    ['1--', '', '1c', true],
    ['5 -- great product', '', '1c', false],
    ['sleep(5)', '', 'f(1)', true],
    ['sleep(50000)', '', 'f(1)', false],
    ['case 13 x', '', 'E1n', false],
    ['1),(1', '', '1),(1', false],
  ]

t.test('short fingerprints are told apart by the words', async (t) => {
  for (const [value, quote, fingerprint, expected] of cases) {
    const suspect = examine(value, { quote, dialect: 'standard', escapes: true })
    t.equal(suspect.fingerprint, fingerprint, value)
    t.equal(isPlausible(suspect), expected, `${value} read from ${quote || 'the start'}`)
  }
  t.equal(cases.length, 16)
})
