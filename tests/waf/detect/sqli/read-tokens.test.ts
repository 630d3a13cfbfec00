import t from 'tap'
import { readTokens } from '../../../../src/waf/detect/sqli/read-tokens.ts'
import type { Reading } from '../../../../src/waf/detect/sqli/token.ts'
import { findDetectorCases } from '../../../helpers/detector-cases.ts'

const asIs: Reading = { quote: '', dialect: 'standard', escapes: true }

function lettersOf(value: string, reading: Reading = asIs): string {
  const next = readTokens(value, reading)
  let letters = ''
  for (let token = next(); token; token = next()) letters += token.type
  return letters
}

const cases: readonly (readonly [value: string, letters: string, reading?: Partial<Reading>])[] = [
  ["1 or 'a'='a", '1&sos'],
  ["a' or 'b", 's&s', { quote: "'" }],
  ['a" or "b', 's&s', { quote: '"' }],
  ["a\\' or 1", 's', { quote: "'" }],
  ["a\\' or 1", 's&1', { quote: "'", escapes: false }],
  ["it''s", 's', { quote: "'" }],
  ['1--1', '1c'],
  ['1--1', '1oo1', { dialect: 'mysql' }],
  ['1#1', '1o1'],
  ['1#1', '1c', { dialect: 'mysql' }],
  ['1/*!union*/', '1X'],
  ['union/**/all/**/select', 'UcE'],
  ['union all distinct select', 'UE'],
  ['not a between', 'ono'],
  ['1.e.table', 'n'],
  ['1e', 'n'],
  ['1for', '1&'],
  ['1from x', '1kn'],
  ["q'[it's]'", 's'],
  ["x'4f' b'01' n'a' x'zz'", '11sns'],
  ['$$a$$ $1,000.00 $', 's1n'],
  ['@@version @`a b` @a', 'vvv'],
  ['`a` [b] "c"', 'nns'],
  ['sleep(1) sleep (1) sleep', 'f(1)f(1)n'],
  ['\\N \\', '1\\'],
  ['1\xa0union', '1U'],
  ['\xc3\xa0union', 'n'],
  ['', ''],
]

t.test('values as SQL reads them', async (t) => {
  for (const [value, letters, reading] of cases) {
    t.equal(
      lettersOf(value, { ...asIs, ...reading }),
      letters,
      `${JSON.stringify(value)} ${JSON.stringify(reading ?? {})}`,
    )
  }
  t.equal(cases.length, 28)
})

/** Where the tokens differ from the other detector's, whose words and numbers are not ours. */
const different = [
  'tokens-intents-005',
  'tokens-numbers-exp-010',
  'tokens-numbers-money-010',
  'tokens-string-035',
  'tokens-string-036',
  'tokens-words-003',
  'tokens-words-004',
  'tokens-words-010',
  'tokens-numbers-binary-003',
]

const others = findDetectorCases('tokens')

t.test('the tokens that another detector expects', { skip: !others && '../shared is absent' }, async (t) => {
  const wrong = (others ?? []).filter(
    ({ input, expected }) => lettersOf(input) !== expected.map((line) => line.slice(0, 1)).join(''),
  )
  t.same(wrong.map(({ name }) => name).sort(), different.toSorted())
  t.equal(others?.length, 186)
})
