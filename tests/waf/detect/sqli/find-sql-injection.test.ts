import fc from 'fast-check'
import t from 'tap'
import { loadCorpus } from '../../../../scripts/derive/corpora.ts'
import {
  examine,
  findSqlInjection,
  isHarmless,
  isInjection,
  readingsOf,
} from '../../../../src/waf/detect/sqli/find-sql-injection.ts'
import { fingerprints } from '../../../../src/waf/detect/sqli/fingerprints.ts'
import { phraseTypes, wordTypes } from '../../../../src/waf/detect/sqli/words.ts'
import { corpora, findDetectorCases } from '../../../helpers/detector-cases.ts'

const attacks = [
  ...[
    '1 or 1=1',
    "' or 1=1--",
    '" or ""="',
    "admin'--",
    "admin'#",
    "admin' /*",
    '1 union select 1,2',
    "1' union all select null,null--",
  ],
  ...[
    "') or ('a'='a",
    '1; drop table users',
    "'; waitfor delay '0:0:5'--",
    '1 and sleep(5)',
    "1' and extractvalue(1,concat(0x7e,version()))#",
  ],
  ...[
    '1 order by 1--',
    "x' and 1=(select count(*) from t)--",
    '1/**/union/**/select/**/1',
    '1 /*!50000union*/ select 1',
    "1'||(select 1)||'",
  ],
  ...[
    "\\' or 1=1--",
    '1 || 1=1',
    "a' in (select 1)--",
    "'='",
    "' - '",
    '1 procedure analyse(extractvalue(1,2),1)',
    '1) union (select 1',
    "-1' union(select(1))#",
  ],
  ...[
    "1;exec xp_cmdshell 'dir'",
    '(select * from users)',
    '1 rlike (select 1)',
    "1' having 1=1--",
    "x'and'1'='1",
    '1 and(select 1)=1',
    'select user from mysql.user',
  ],
]

const harmless = [
  ...[
    "O'Reilly",
    "it's a dog's life",
    'rock and roll',
    'Tom & Jerry',
    '7 and 5',
    'size 7" #2 needle',
    '"pink" and "blue"',
    'C# or F#',
    'a -- b',
  ],
  ...[
    'select a colour',
    'union station',
    'drop me a line',
    "don't drop the table",
    'Re: update; please call',
    '2026-11-22 18:00:00',
    '+1 (917) 666-0987',
  ],
  ...[
    'https://shop.example/a?b=c&d=e#f',
    '{"a": [1, 2], "b": "it\'s"}',
    'a=1; b=2',
    'if (a) { b() }',
    'x * (y + z)',
    '50% off!',
    'me@shop.example',
    '1,2,3',
    '-5',
    '',
  ],
  ...[
    'The order by phone was late',
    'group by group',
    '10 or less',
    'insert coin',
    'where to?',
    "rock 'n' roll",
    'either/or',
    '100 limit',
    'null',
    'Mr. & Mrs. Smith',
  ],
]

t.test('attacks are told from ordinary values', async (t) => {
  for (const value of attacks) t.ok(findSqlInjection(value), value)
  for (const value of harmless) t.equal(findSqlInjection(value), undefined, value)
  t.equal(attacks.length, 33)
  t.equal(harmless.length, 36)
})

t.test('what makes a value harmless at once is sound', async (t) => {
  const words = [
    ...wordTypes.keys(),
    ...phraseTypes.keys(),
    '1',
    '1d',
    '0xf',
    '1e',
    'x',
    '.',
    '-',
    'sleep',
    '_',
    '2.5',
    'or',
    'and',
    '1.',
    '@a',
    '\\N',
    'q',
  ]
  const marks = [...'!"#$%&\'()*+,/:;<=>?@[\\]^`{|}~\t\0\xa0\xe9', '/*', '--', '&&', '||', ':=', '\n']
  const between = fc.oneof(fc.constantFrom(' ', '', '.', '-', '  '), fc.constantFrom(...marks))
  const text = fc.array(fc.tuple(fc.constantFrom(...words), between), { maxLength: 8 })
  let quick = 0
  const property = fc.property(text, (parts) => {
    const value = parts.flat().join('')
    if (!isHarmless(value)) return true
    quick++
    return !readingsOf(value).some((reading) => isInjection(examine(value, reading), fingerprints))
  })
  const { failed, counterexample, seed, numRuns } = fc.check(property, { numRuns: 40_000 })
  t.notOk(failed, `seed ${seed}, ${numRuns} values, ${quick} of them harmless: ${JSON.stringify(counterexample)}`)
  t.ok(quick > 500)
  const others = [...fingerprints].filter((fingerprint) => !/[sf()cXETUB&]/.test(fingerprint))
  t.same(others, [], 'each fingerprint has a string, a parenthesis, a comment or a telling word')
})

t.test('a value of 1 MB is judged in time that grows with it', async (t) => {
  const units = ['1+', "'", '"\'`', "a' or ", 'a=', '--\n', '/**/', '$a$', '[', "q'(", "\\'", 'binary.', 'a.', '1.e.']
  for (const start of [`'"`, `'"select.`]) {
    for (const unit of units) {
      const value = `${start}${unit.repeat(Math.ceil((1 << 20) / unit.length))}`
      const before = performance.now()
      findSqlInjection(value)
      const ms = performance.now() - before
      t.ok(ms < 2000, `1 MB of ${JSON.stringify(unit)} behind ${start} in ${ms.toFixed(0)} ms`)
    }
  }
})

t.test('the corpora', { skip: !corpora && '../shared is absent' }, async (t) => {
  const corpus = loadCorpus(corpora ?? '', 'sqli', [])
  const missed = corpus.attacks.filter((value) => findSqlInjection(value) === undefined)
  const wrong = corpus.benign.filter((value) => findSqlInjection(value) !== undefined)
  t.equal(corpus.attacks.length, 2441)
  t.equal(corpus.benign.length, 421)
  t.ok(missed.length <= 12, `${missed.length} attacks missed`)
  t.ok(wrong.length <= 12, `${wrong.length} harmless lines taken for attacks`)
})

/** Where another detector says otherwise: a value alone, without what would make it harm. */
const different = ['sqli-012', 'sqli-034', 'sqli-036', 'sqli-037']

const others = findDetectorCases('sqli')

t.test('what another detector says', { skip: !others && '../shared is absent' }, async (t) => {
  const wrong = (others ?? []).filter(
    ({ input, expected }) => (findSqlInjection(input) !== undefined) !== ((expected[0] ?? '') !== ''),
  )
  t.same(
    wrong.map(({ name }) => name),
    different,
  )
  t.equal(others?.length, 40)
})
