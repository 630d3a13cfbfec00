import fc from 'fast-check'
import t from 'tap'
import { findTransformation, transformations } from '../../../src/waf/transformations/index.ts'
import { cpuMs } from '../../helpers/cpu-time.ts'

type Case = readonly [input: string, output: string]

/** At least one case a word; inputs and outputs hold one byte a character. */
const cases: Readonly<Record<string, readonly Case[]>> = {
  base64Decode: [
    ['PHNjcmlwdD4=', '<script>'],
    ['PHNjcmlwdD4', '<script>'],
    ['PHNj\r\ncmlwdD4=', '<script>'],
    ['PHNj!cmlwdD4=', '<sc'],
    ['!', ''],
    ['//79', '\xff\xfe\xfd'],
  ],
  base64DecodeExt: [
    ['P.H.N.j', '<sc'],
    ['YW Jj=YWJj', 'abcabc'],
    ['YWJjY', 'abc'],
  ],
  base64Encode: [['\xff\0a', '/wBh']],
  cmdLine: [
    ['C^aT  ,;\t/ETC/"pas"\\swd', 'cat/etc/passwd'],
    ['A ,;/(B  (c"', 'a/(b(c'],
    ['x" "y', 'x y'],
  ],
  compressWhitespace: [
    ['a \t\xa0\r\n b', 'a b'],
    ['\x0b', ' '],
    ['a b c', 'a b c'],
  ],
  cssDecode: [
    ['\\75\\6e\\69on', 'union'],
    ['\\000075 x', 'ux'],
    ['\\00ff1cx\\0ff1c y\\ff1cff\\uff1c', '<x<y\xffuff1c'],
    ['\\ff1c', '<'],
    ['\\01ff1c', '\x1c'],
    ['ja\\\nvascript\\', 'javascript'],
    ['\\zz', 'zz'],
  ],
  escapeSeqDecode: [
    ['\\x3cscript\\X3e\\n\\0\\400', '<script>\n\0\0'],
    ['\\\\\\q\\x4\\xzz', '\\qx4xzz'],
    ['\\', '\\'],
  ],
  hexDecode: [
    ['3c3E', '<>'],
    ['3c3', '3c3'],
    ['3g', '3g'],
  ],
  hexEncode: [['<\xff\0', '3cff00']],
  htmlEntityDecode: [
    ['&lt;&LT&#60&#x3C;&#X3c', '<<<<<'],
    ['&quot;&amp;&gt;&nbsp;', '"&>\xa0'],
    ['&unknown;&#;&#x;&', '&unknown;&#;&#x;&'],
    ['&amp;lt;', '&lt;'],
    ['&#0000000000000000000000000060;&#x13c;', '<<'],
  ],
  jsDecode: [
    ['\\u003cscript\\x3e\\74\\uff1c', '<script><<'],
    ['\\400\\8\\377', ' 08\xff'],
    ['\\a\\b\\f\\n\\r\\t\\v\\q\\\\', '\x07\b\f\n\r\t\vq\\'],
    ['\\u00zz\\', 'u00zz\\'],
  ],
  length: [
    ['', '0'],
    ['\xff\0a', '3'],
  ],
  lowercase: [
    ['SeLeCT \xc0', 'select \xc0'],
    ['plain', 'plain'],
  ],
  md5: [['abc', '\x90\x01\x50\x98\x3c\xd2\x4f\xb0\xd6\x96\x3f\x7d\x28\xe1\x7f\x72']],
  none: [['%41', '%41']],
  normalizePath: [
    ['/a/./b//c/../d', '/a/b/d'],
    ['/../../etc/passwd', '/etc/passwd'],
    ['a/../../b', '../b'],
    ['/a/b/..', '/a'],
    ['/a/b/../', '/a/'],
    ['/..', '/'],
    ['//', '/'],
    ['./', ''],
    ['/a.../b../c', '/a.../b../c'],
    ['a\\..\\b', 'a\\..\\b'],
  ],
  normalizePathWin: [
    ['a\\..\\..\\b', '../b'],
    ['C:\\x\\\\y', 'C:/x/y'],
  ],
  parityEven7bit: [['\x01\x03a\x80', '\x81\x03\xe1\x80']],
  parityOdd7bit: [['\x01\x03a\0', '\x01\x83a\x80']],
  parityZero7bit: [['\x80\xe1a', '\0aa']],
  removeComments: [
    ['a/*b*/c<!--d-->e', 'ace'],
    ['a--b', 'a'],
    ['a#b', 'a'],
    ['a/*b', 'a '],
    ['/*a*/', '\0'],
    ['a-b', 'a-b'],
  ],
  removeCommentsChar: [['a/*b*/c<!--d-->e--f#g', 'abcdefg']],
  removeNulls: [['a\0\0b', 'ab']],
  removeWhitespace: [['a \t\r\n\v\f\xa0b', 'ab']],
  replaceComments: [
    ['union/**/select/*x', 'union select '],
    ['/*/', ' '],
    ['a*/b', 'a*/b'],
  ],
  replaceNulls: [['a\0\0b', 'a  b']],
  sha1: [['abc', Buffer.from('a9993e364706816aba3e25717850c26c9cd0d89d', 'hex').toString('latin1')]],
  sqlHexDecode: [
    ['x=0x414243g', 'x=ABCg'],
    ['0X41424', 'AB4'],
    ['0x4', '0x4'],
    ['0x0x41', '0xA'],
  ],
  trim: [['\t a b\r\n', 'a b']],
  trimLeft: [['\v\f a ', 'a ']],
  trimRight: [[' a \v\f', ' a']],
  uppercase: [['select \xe0', 'SELECT \xe0']],
  urlDecode: [
    ['%3Cscript%3e+%u003c', '<script> %u003c'],
    ['%%41%4%zz', '%A%4%zz'],
    ['%2541', '%41'],
  ],
  urlDecodeUni: [
    ['%u003c%U003C%3c+', '<<< '],
    ['%uff1c%uff01%uff5e', '<!~'],
    ['%u00e9%u2019%u201c', 'e\'"'],
    ['%u4e3c', '<'],
    ['%u00%u003', '%u00%u003'],
  ],
  urlEncode: [['a-b c*\xff', 'a%2db+c*%ff']],
  utf8toUnicode: [
    ['\xe4\xbd\xa0<', '%u4f60<'],
    ['\xf0\x9f\x98\x80', '%u1f600'],
    ['\xc0\xaf\xe0\x80\xaf\xed\xa0\x80', '%u002f%u002f%ud800'],
    ['a\xffb\xc3', 'a\xffb\xc3'],
    ['\x80', '\x80'],
  ],
}

t.test('each word does what its cases say', (t) => {
  let ran = 0
  for (const { name, transform } of transformations) {
    const own = cases[name] ?? []
    t.ok(own.length > 0, `${name} has cases`)
    for (const [input, output] of own) {
      t.equal(transform(input), output, `${name} ${JSON.stringify(input)}`)
      ran++
    }
  }
  t.equal(transformations.length, 36)
  t.equal(ran, Object.values(cases).flat().length, 'no case belongs to an unknown word')
  t.end()
})

t.test('words are found without case, second spellings included', (t) => {
  t.equal(findTransformation('URLDECODEUNI')?.name, 'urlDecodeUni')
  t.equal(findTransformation('normalisePathWin')?.name, 'normalizePathWin')
  t.equal(findTransformation('constructor'), undefined)
  t.end()
})

t.test('any bytes come out as bytes', (t) => {
  const tricky = fc.constantFrom(...'%uUxX&#;\\/*.-<!>= +0f1cA\0\n\xa0\xff\xc0\xaf')
  const bytes = fc.string({
    unit: fc.oneof(
      tricky,
      fc.nat(255).map((code) => String.fromCharCode(code)),
    ),
    maxLength: 40,
  })
  const report = fc.check(
    fc.property(bytes, (value) => transformations.every(({ transform }) => !/[^\0-\xff]/.test(transform(value)))),
    { numRuns: 2_000 },
  )
  t.comment(`seed ${report.seed}, ${report.numRuns} values`)
  t.notOk(report.failed, fc.defaultReportMessage(report) ?? '')
  t.end()
})

t.test('200 KB of hostile bytes stay far below quadratic time', (t) => {
  const seeds = [
    '%41',
    '\\x41',
    '&#60;',
    '/*',
    '<!--',
    '../',
    '  ',
    'A"^',
    '0x41',
    '\xc0\xaf',
    '\\',
    '&',
    '+',
    '--',
    '*/',
  ]
  for (const { name, transform } of transformations) {
    for (const seed of seeds) {
      const value = seed.repeat(Math.ceil(200_000 / seed.length))
      const elapsedMs = cpuMs(() => transform(value))
      // Quadratic behaviour would take minutes here; the bound only has to be far from both.
      if (elapsedMs > 400) t.fail(`${name} takes ${elapsedMs.toFixed(0)} ms for 200 KB of ${JSON.stringify(seed)}`)
    }
  }
  t.pass(`${transformations.length} words, ${seeds.length} hostile values each`)
  t.end()
})
