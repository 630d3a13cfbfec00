import t from 'tap'
import { fold, mayBeUnmistakable } from '../../../../src/waf/detect/sqli/fold.ts'
import { readTokens } from '../../../../src/waf/detect/sqli/read-tokens.ts'
import type { Reading } from '../../../../src/waf/detect/sqli/token.ts'
import { findDetectorCases } from '../../../helpers/detector-cases.ts'
import { randomFrom } from '../../../helpers/random.ts'
import { runSize } from '../../../helpers/run-size.ts'

const { seed, count } = runSize({ usual: 5_000, full: 100_000 })

const foldValue = (value: string, quote: Reading['quote'] = '') =>
  fold(readTokens(value, { quote, dialect: 'standard', escapes: true }))
const lettersOf = (value: string, quote: Reading['quote'] = '') =>
  foldValue(value, quote)
    .tokens.map(({ type }) => type)
    .join('')

const cases: readonly (readonly [value: string, letters: string])[] = [
  ['-1', '1'],
  ['1+-(2)*3', '1'],
  ['(((1', '1'],
  ['1)))))', '1)'],
  ['1,2,3,x', '1'],
  ["'a' 'b'", 's'],
  ['1 /* a */ or /* b */ 1', '1&1'],
  ['a or b and c', 'n&n'],
  ["'a'+b+c+'d'", 'sos'],
  ['cast 1::int', 'n1'],
  ['1 union select 1,2,3,4', '1UE1'],
  ['x.y.z', 'n'],
  ['a\\b', 'nn'],
]

t.test('what changes nothing in the shape of a query goes', async (t) => {
  for (const [value, letters] of cases) t.equal(lettersOf(value), letters, value)
  t.equal(cases.length, 13)
})

t.test('statements that are words of prose begin only where one can', async (t) => {
  t.equal(lettersOf('please call me'), 'nnn')
  t.equal(lettersOf('1; call me'), '1;En')
  t.equal(lettersOf('if you like'), 'nno')
})

t.test('what is unmistakable is found behind the fifth token, and not in prose', async (t) => {
  const found = [
    ['a b c d e f g union select h', true],
    ['x union all (select 1', true],
    ["1 waitfor delay '0:0:5'", true],
    ['a; declare @x int', true],
    ['x extractvalue ascii(substring(a', true],
    ['1 + sleep(20.to_i)', true],
    ['const x = sleep(5)', false],
    ['the union selected a few', false],
    ['they declare a winner', false],
    [`${'a '.repeat(60)}union select 1`, false],
  ] as const
  for (const [value, isUnmistakable] of found)
    t.equal(foldValue(value).isUnmistakable, isUnmistakable, value.slice(0, 60))
})

t.test('what is read no further than its fingerprint goes is judged the same', async (t) => {
  const random = randomFrom(seed)
  const words = [
    'union',
    'SELECT',
    'into',
    'outfile',
    "'a'",
    'declare',
    '@a',
    'waitfor',
    'delay',
    'sleep',
    '(',
    '(',
    ')',
  ]
  words.push('ascii', 'Substring', 'if', 'x', '1', '+', ';', ',', '/**/', '"', 'or', '.', 'benchmark', '--')
  let unmistakable = 0
  for (let i = 0; i < count; i++) {
    const value = Array.from({ length: 1 + random.below(16) }, () => random.pick(words)).join(
      random.pick([' ', '', '\n']),
    )
    for (const quote of ['', "'", '"'] as const) {
      const reading: Reading = { quote, dialect: 'standard', escapes: true }
      const far = fold(readTokens(value, reading))
      if (far.isUnmistakable) unmistakable++
      if (far.isUnmistakable && !mayBeUnmistakable(value)) t.fail(`${JSON.stringify(value)} is unmistakable`)
      const short = fold(readTokens(value, reading), 'short')
      if (JSON.stringify(short.tokens) !== JSON.stringify(far.tokens)) t.fail(JSON.stringify(value))
    }
  }
  t.ok(unmistakable > count / 100, `seed ${seed}, ${unmistakable} of ${3 * count} are unmistakable`)
})

t.test('values of any length are read in time that grows with them', async (t) => {
  for (const unit of ['1+', '1,', 'a=', "''", '((', '/**/', ')', 'not ', '{a ', '- ', '1 or ', "'a'+b+"]) {
    const value = unit.repeat(Math.ceil((1 << 18) / unit.length))
    const start = performance.now()
    foldValue(value)
    const ms = performance.now() - start
    t.ok(ms < 1000, `256 KB of ${JSON.stringify(unit)} in ${ms.toFixed(0)} ms`)
  }
})

/** Where more is folded here than there (lists, parentheses), and where the words differ. */
const different = [
  ...['045', '051', '054', '061', '070', '098', '113', '114', '115', '116'].map((number) => `folding-${number}`),
]

const others = findDetectorCases('folding')

t.test('what another detector expects to be left', { skip: !others && '../shared is absent' }, async (t) => {
  const wrong = (others ?? []).filter(
    ({ input, expected }) => lettersOf(input) !== expected.map((line) => line.slice(0, 1)).join(''),
  )
  t.same(
    wrong.map(({ name }) => name),
    different,
  )
  t.equal(others?.length, 91)
})
