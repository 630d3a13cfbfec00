import fc from 'fast-check'
import t from 'tap'
import { findOperator, operators } from '../../../src/waf/operators/index.ts'
import { cpuMs } from '../../helpers/cpu-time.ts'
import { operatorContext, refusalOf } from '../../helpers/operator-context.ts'

const files = {
  'words.data': '# comment\r\n\r\n  UNION select \r\nsleep(\r\n#sleep2\n',
  'more.data': 'benchmark(',
  phrases: 'union select\nsleep(\n',
  networks: '192.0.2.0/24\n',
  'networks.data': '# office\n192.0.2.0/24\n2001:db8::/32\n',
}
const context = operatorContext(files)

type Case = readonly [argument: string, value: string, matches: boolean]

const cases: Readonly<Record<string, readonly Case[]>> = {
  beginsWith: [
    ['ab', 'abc', true],
    ['ab', 'cab', false],
    ['', 'x', true],
  ],
  contains: [
    ['b', 'abc', true],
    ['B', 'abc', false],
  ],
  containsWord: [
    ['or', 'a or b', true],
    ['or', 'for or_ xor', false],
    ['or', 'for (or)', true],
    ['', 'x', true],
  ],
  detectSQLi: [
    ['', "1' or '1'='1", true],
    ['', "O'Reilly and sons", false],
  ],
  detectXSS: [
    ['', '<img src=x onerror=alert(1)>', true],
    ['', 'a < b and b > c', false],
  ],
  endsWith: [
    ['bc', 'abc', true],
    ['ab', 'abc', false],
  ],
  eq: [
    ['0', '', true],
    ['5', ' \t+005x', true],
    ['-5', '-5', true],
    ['9007199254740993', '9007199254740992', false],
    ['9223372036854775807', '99999999999999999999', true],
    ['0', '-0', true],
  ],
  ge: [
    ['5', '5', true],
    ['5', '4', false],
  ],
  gt: [
    ['5', '6', true],
    ['5', '5', false],
    ['0', '9'.repeat(100_000), true],
  ],
  ipMatch: [
    ['10.0.0.0/8, 192.168.1.1', '10.255.0.1', true],
    ['10.0.0.0/8,192.168.1.1', '192.168.1.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['::ffff:10.0.0.0/104', '10.1.1.1', true],
    ['::/0', '10.0.0.1', false],
    ['::10.0.0.1', '::a00:1', true],
    ['::10.0.0.1', '10.0.0.1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['0.0.0.0/0', '010.1', false],
    ['0.0.0.0/0', '0x7f.1', false],
    ['0.0.0.0/0', 'not an address', false],
    ['fe80::/10', 'fe80::1%eth0', false],
  ],
  ipMatchFromDataset: [
    ['networks', '192.0.2.77', true],
    ['networks', '192.0.3.77', false],
  ],
  ipMatchFromFile: [
    ['networks.data', '192.0.2.77', true],
    ['networks.data', '192.0.3.77', false],
  ],
  le: [
    ['5', '5', true],
    ['5', '6', false],
  ],
  lt: [
    ['5', '4', true],
    ['5', '5', false],
    ['0', '-1', true],
  ],
  noMatch: [['', 'x', false]],
  rbl: [['sbl.example', '192.0.2.1', false]],
  geoLookup: [['', '192.0.2.1', false]],
  pm: [
    ['union select', 'UNION', true],
    ['union select', 'uni on', false],
    ['A|42 43|d', 'xABCDx', true],
    ['|zz|', 'x|zz|x', true],
    ['he she his hers', 'ushers', true],
    ['abcd bc', 'abce', true],
    ['\xe9', '\xc9', false],
  ],
  pmFromDataset: [
    ['phrases', 'x UNION SELECT', true],
    ['phrases', 'union', false],
  ],
  pmFromFile: [
    ['words.data', 'xUnion Selectx', true],
    ['words.data', '# comment', false],
    ['words.data', 'sleep2', false],
    ['words.data more.data', 'BENCHMARK(1)', true],
  ],
  restpath: [
    ['/url-{id}/{name}', '/x/url-123/juan?q=1', true],
    ['/url-{id}/{name}$', '/url-123/', false],
    ['^/v1\\.0/{id}$', '/v1.0/7', true],
    ['^/v1\\.0/{id}$', '/v100/7', false],
  ],
  rx: [
    ['^a.b$', 'a\nb', true],
    ['^a.b$', 'a\nb\n', false],
  ],
  rxGlobal: [['b', 'abc', true]],
  streq: [
    ['GET', 'GET', true],
    ['GET', 'get', false],
  ],
  strmatch: [
    ['a|62|c', 'xabcx', true],
    ['abc', 'ABC', false],
  ],
  unconditionalMatch: [['', '', true]],
  validateByteRange: [
    ['32-126,9', 'a\tb', false],
    ['32-126', 'a\tb', true],
    ['1-255', '\0', true],
    ['', '', false],
  ],
  validateNid: [
    ['cl \\d{1,2}\\.?\\d{3}\\.?\\d{3}-[\\dkK]', 'RUT 12.345.678-5', true],
    ['cl \\d{8}-[\\dkK]', '12345678-9', false],
    ['cl \\d{7}-[\\dkK]', '1000005-K', true],
    ['cl \\d{7}-[\\dkK]', '1000005-0', false],
    ['cl \\w+', 'kkkkkkkk', false],
    ['us \\d{3}-\\d{2}-\\d{4}', '574-57-8065', true],
    ['US \\d{3}-\\d{2}-\\d{4}', '666-57-8065', false],
  ],
  validateUrlEncoding: [
    ['', 'a%20b', false],
    ['', 'a%2', true],
    ['', '%%41', true],
  ],
  validateUtf8Encoding: [
    ['', 'a\xc3\xa9\xf0\x9f\x98\x80\0', false],
    ['', '\xc0\xaf', true],
    ['', '\xed\xa0\x80', true],
    ['', '\xf4\x90\x80\x80', true],
    ['', '\xe2\x82', true],
    ['', '\xf0\x80\x80\xaf', true],
  ],
  verifyCC: [
    ['\\d{16}', 'card 4111111111111111.', true],
    ['\\d{16}', '4111111111111112', false],
    ['\\d{4}-\\d{4}-\\d{4}-\\d{4}', '4111-1111-1111-1111', true],
    ['\\d{16}', '114111111111111111', true],
  ],
  verifyCPF: [
    ['\\d{11}', '01081751460', true],
    ['\\d{11}', '11111111111', false],
  ],
  verifySSN: [
    ['\\d{3}-\\d{2}-\\d{4}', '574-57-8065', true],
    ['\\d{3}-\\d{2}-\\d{4}', '666-57-8065', false],
  ],
  verifySVNR: [
    ['\\d{10}', '1237010180', true],
    ['\\d{10}', '1238010180', false],
    ['\\d{10}', '0000000000', false],
  ],
  within: [
    ['GET,POST', 'POST', true],
    ['GET,POST', 'PUT', false],
    ['GET,POST', ',P', true],
    ['GET', 'GETS', false],
    ['/a/b/a/', '/a/a/', false],
    ['\xff\xfe', '\xfe', true],
    ['', 'x', false],
    ['GET', '', true],
  ],
}

t.test('each word does what its cases say', (t) => {
  let ran = 0
  for (const { name, compile } of operators) {
    for (const [argument, value, matches] of cases[name] ?? []) {
      const operator = compile(argument, context)
      const label = `@${name} ${argument} on ${JSON.stringify(value.slice(0, 40))}`
      t.equal(operator.test(value), matches, label)
      if (operator.exec) t.equal(operator.exec(value) !== undefined, matches, `${label}: exec agrees`)
      ran++
    }
    t.ok((cases[name]?.length ?? 0) > 0, `${name} has cases`)
  }
  t.equal(operators.length, 35)
  t.equal(ran, Object.values(cases).flat().length, 'no case belongs to an unknown word')
  t.end()
})

t.test('arguments that make no sense are refused', (t) => {
  const refusals: readonly (readonly [word: string, argument: string, message: RegExp])[] = [
    ['pm', '  ', /at least one phrase/],
    ['pmFromFile', '', /file name is missing/],
    ['pmFromFile', 'absent.data', /no such file/],
    ['ipMatch', '', /not an address/],
    ['ipMatch', '10.0.0.0/33', /not an address/],
    ['ipMatch', '10.0.0.256', /not an address/],
    ['ipMatch', '10.0.0.0/', /not an address/],
    ['validateByteRange', '1-256', /not a byte/],
    ['validateByteRange', '9-1', /not a byte/],
    ['validateByteRange', 'a', /not a byte/],
    ['verifyCC', '(', /closing parenthesis/],
    ['restpath', '/a/b', /needs a name in braces/],
    ['restpath', '/(a|b)/{c}', /takes no groups/],
    ['restpath', '/{a', /is not closed/],
    ['restpath', '/{a b}', /letters, digits/],
    ['restpath', '/{a}/{a}', /there twice/],
    ['validateNid', 'cl', /takes cl or us, and a pattern/],
    ['validateNid', 'fr \\d+', /takes cl or us/],
    ['validateNid', 'cl (', /closing parenthesis/],
  ]
  for (const [word, argument, message] of refusals) {
    const refusal = refusalOf(() => findOperator(word)?.compile(argument, context))
    t.match(refusal.message, message, `@${word} ${argument}`)
  }
  t.end()
})

t.test('words are found without case, short spellings included', (t) => {
  t.equal(findOperator('PMFROMFILE')?.name, 'pmFromFile')
  t.equal(findOperator('pmf')?.name, 'pmFromFile')
  t.equal(findOperator('ipMatchF')?.name, 'ipMatchFromFile')
  t.equal(findOperator('constructor'), undefined)
  t.end()
})

t.test('pm finds what a search phrase by phrase finds', (t) => {
  const word = fc.string({ unit: fc.constantFrom('a', 'B', 'c', 'A', '\xff', '-'), minLength: 1, maxLength: 4 })
  const value = fc.string({ unit: fc.constantFrom('a', 'b', 'C', '\xff', '-', ' '), maxLength: 20 })
  const property = fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), value, (phrases, text) => {
    const operator = findOperator('pm')?.compile(phrases.join(' '), context)
    const captured = operator?.exec?.(text)?.captures[0]
    const wanted = phrases.map((phrase) => phrase.toLowerCase())
    const expected = wanted.some((phrase) => text.toLowerCase().includes(phrase))
    const isPhrase = captured === undefined || wanted.includes(captured.toLowerCase())
    return operator?.test(text) === expected && (captured !== undefined) === expected && isPhrase
  })
  const report = fc.check(property, { numRuns: 3_000 })
  t.comment(`seed ${report.seed}, ${report.numRuns} phrase lists`)
  t.notOk(report.failed, fc.defaultReportMessage(report) ?? '')
  t.end()
})

t.test('200 KB of hostile bytes stay far below quadratic time', (t) => {
  const runs: readonly (readonly [word: string, argument: string, seed: string])[] = [
    ['pm', 'aaaaaaab aab ab', 'a'],
    ['containsWord', 'aa', 'a'],
    ['eq', '1', '9'],
    ['eq', '1', ' '],
    ['validateUtf8Encoding', '', '\xe2\x82\xac'],
    ['validateUrlEncoding', '', '%41'],
    ['verifyCC', '\\d+', '1'],
    ['verifyCC', '\\d{13,16}', '1'],
    ['verifySSN', '(?:^|\\D)\\d{9}', '1'],
    ['ipMatch', '::1', '1:'],
    ['ipMatch', '10.0.0.1', '1.'],
    ['validateByteRange', '1-255', 'a'],
  ]
  for (const [word, argument, seed] of runs) {
    const operator = findOperator(word)?.compile(argument, context)
    const value = seed.repeat(200_000 / seed.length)
    const elapsedMs = cpuMs(() => operator?.test(value))
    t.ok(elapsedMs < 500, `@${word} ${argument}: ${elapsedMs.toFixed(1)} ms`)
  }
  t.end()
})
