import fc from 'fast-check'
import t from 'tap'
import { parseJson } from '../../../src/waf/bodies/json.ts'
import { cpuMs } from '../../helpers/cpu-time.ts'
import { limits } from './limits.ts'

type Pairs = readonly (readonly [name: string, value: string])[]

const documents: readonly (readonly [body: string, pairs: Pairs])[] = [
  ['', []],
  ['{}', []],
  [' [ ] ', []],
  ['{"a":[],"b":{}}', [['json.a', '']]],
  ['"top"', [['json', 'top']]],
  ['12', [['json', '12']]],
  [
    '{"a":1,"a":"x"}',
    [
      ['json.a', '1'],
      ['json.a', 'x'],
    ],
  ],
  [
    '{"b":{"c":null,"d":true,"e":false}}',
    [
      ['json.b.c', ''],
      ['json.b.d', 'true'],
      ['json.b.e', 'false'],
    ],
  ],
  [
    '[1,"x",{"y":-2.50e+3},[3,[4]]]',
    [
      ['json.array_0', '1'],
      ['json.array_1', 'x'],
      ['json.array_2.y', '-2.50e+3'],
      ['json.array_3.array_0', '3'],
      ['json.array_3.array_1.array_0', '4'],
    ],
  ],
  [
    '{"a":[{"b":1},{"b":[5]}]}',
    [
      ['json.a', ''],
      ['json.a.array_0.b', '1'],
      ['json.a.array_1.b', ''],
      ['json.a.array_1.b.array_0', '5'],
    ],
  ],
  [
    '{"":1,"a.b":{"":2}}',
    [
      ['json.empty-key', '1'],
      ['json.a.b.empty-key', '2'],
    ],
  ],
  [
    '{"a":"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\/\\n\\"\\\\"}',
    [['json.a', 'A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\n"\\']],
  ],
  ['{"a":"\\ud800x"}', [['json.a', '\xed\xa0\x80x']]],
  ['{"\\u0061\\u0062":"<\\u0073cript>"}', [['json.ab', '<script>']]],
  ['\t\r\n{"a"\n:\r1\t}\n', [['json.a', '1']]],
]

t.test('every scalar becomes an argument, and every array that has a key', (t) => {
  for (const [body, pairs] of documents) {
    const parsed = parseJson(body, limits)
    t.strictSame(
      parsed.arguments.map(({ name, value }) => [name, value]),
      pairs,
      body,
    )
    t.equal(parsed.error, undefined, `${body}: no error`)
  }
  t.end()
})

const broken: readonly (readonly [body: string, error: RegExp, argumentCount: number])[] = [
  [' ', /a value was expected, not the end/, 0],
  ['\xef\xbb\xbf{"a":"<script>"}', /byte order mark/, 1],
  ['{"a":1} x', /data follows/, 1],
  ['{"a":1}{"b":2}', /data follows/, 1],
  ['{"a":1', /unexpected the end/, 1],
  ['{"a":01}', /unexpected "1"/, 1],
  ['[1,]', /a value was expected, not "\]"/, 1],
  ['[1 2]', /unexpected "2"/, 1],
  ['{"a":1,}', /a key was expected/, 1],
  ['{a:1}', /a key was expected/, 0],
  ["{'a':1}", /a key was expected/, 0],
  ['{"a" 1}', /a colon was expected/, 0],
  ['[1}', /unexpected "}"/, 1],
  ['[', /a value was expected/, 0],
  [']', /a value was expected/, 0],
  ['{"a":"x', /unexpected end/, 0],
  ['{"a":"x\\', /unexpected end/, 0],
  ['{"a":"x\ny"}', /control character/, 0],
  ['{"a":"\\x41"}', /escape/, 0],
  ['{"a":"\\u12"}', /escape/, 0],
  ['{"a":"\xff"}', /not UTF-8/, 1],
  ['[NaN]', /a value was expected/, 0],
  ['[+1]', /a value was expected/, 0],
  ['[.5]', /a value was expected/, 0],
  ['[1.]', /unexpected "."/, 1],
  ['[tru]', /a value was expected/, 0],
  ['/* x */ 1', /a value was expected/, 0],
]

t.test('what is not JSON is an error, and what stands before it is still inspected', (t) => {
  for (const [body, error, argumentCount] of broken) {
    const parsed = parseJson(body, limits)
    t.match(parsed.error, error, JSON.stringify(body))
    t.equal(parsed.arguments.length, argumentCount, `${JSON.stringify(body)}: arguments`)
  }
  t.end()
})

t.test('limits', (t) => {
  const deep = { ...limits, jsonDepth: 3 }
  t.equal(parseJson('[[[1]]]', deep).error, undefined)
  t.match(parseJson('[[[[1]]]]', deep).error, /nested deeper than 3/)
  t.match(parseJson('{"a":{"b":{"c":{}}}}', deep).error, /nested deeper than 3/)
  const few = { ...limits, argumentCount: 2 }
  t.equal(parseJson('[1,2]', few).error, undefined)
  t.match(parseJson('[1,2,3]', few).error, /more than 2 arguments/)
  const longKey = `{"${'k'.repeat(500_000)}":[${'1,'.repeat(20)}1]}`
  t.match(parseJson(longKey, limits).error, /names of more than/, 'a long key is not repeated without end')
  t.end()
})

t.test('agrees with JSON.parse on whatever text', (t) => {
  const anyJson = fc.json({ maxDepth: 4 })
  const mangled = fc
    .tuple(anyJson, fc.nat(), fc.constantFrom('', ',', '"', '\\', ']', '}', '\0', '1', ' ', 'e'))
    .map(
      ([text, at, insert]) => text.slice(0, at % (text.length + 1)) + insert + text.slice((at % (text.length + 1)) + 1),
    )
  const property = fc.property(fc.oneof(anyJson, mangled), (text) => {
    const parsed = parseJson(Buffer.from(text, 'utf8').toString('latin1'), limits)
    const expected = accepts(text) || text === ''
    const leaves = expected && text !== '' ? countLeaves(JSON.parse(text)) : undefined
    return (parsed.error === undefined) === expected && (leaves === undefined || parsed.arguments.length >= leaves)
  })
  const report = fc.check(property, { numRuns: 3_000 })
  t.comment(`seed ${report.seed}, ${report.numRuns} documents`)
  t.notOk(report.failed, fc.defaultReportMessage(report) ?? '')
  t.end()
})

t.test('string values come out as their UTF-8 bytes', (t) => {
  const property = fc.property(fc.string({ unit: 'binary' }), (value) => {
    const parsed = parseJson(Buffer.from(JSON.stringify([value]), 'utf8').toString('latin1'), limits)
    return parsed.arguments[0]?.value === Buffer.from(value, 'utf8').toString('latin1')
  })
  const report = fc.check(property, { numRuns: 2_000 })
  t.comment(`seed ${report.seed}, ${report.numRuns} strings`)
  t.notOk(report.failed, fc.defaultReportMessage(report) ?? '')
  t.end()
})

t.test('never throws on garbage', (t) => {
  const unit = fc.constantFrom(...'{}[]",:\\u01eE+-.truefalsn \n\0\xff\xef')
  const property = fc.property(fc.string({ unit, maxLength: 30 }), (text) => {
    return accepts(text) || text === '' || parseJson(text, limits).error !== undefined
  })
  const report = fc.check(property, { numRuns: 5_000 })
  t.comment(`seed ${report.seed}, ${report.numRuns} texts`)
  t.notOk(report.failed, fc.defaultReportMessage(report) ?? '')
  t.end()
})

t.test('a megabyte of hostile JSON takes less than 200 ms and no stack', (t) => {
  const size = 2 ** 20
  const bodies: Readonly<Record<string, string>> = {
    'deep arrays': '['.repeat(size),
    'deep objects': '{"a":'.repeat(size / 5),
    'one string': `["${'a'.repeat(size)}"]`,
    'unclosed string': `["${'a'.repeat(size)}`,
    escapes: `["${'\\u0041'.repeat(size / 6)}"]`,
    backslashes: `["${'\\\\'.repeat(size / 2)}"]`,
    digits: '1'.repeat(size),
    spaces: ' '.repeat(size),
    numbers: `[${'1,'.repeat(90_000)}1]`,
    members: `{${'"a":1,'.repeat(90_000)}"a":1}`,
  }
  for (const [name, body] of Object.entries(bodies)) {
    const elapsedMs = cpuMs(() => parseJson(body, limits))
    t.ok(elapsedMs < 200, `${name}: ${elapsedMs.toFixed(0)} ms`)
  }
  const deep = `${'['.repeat(100_000)}1${']'.repeat(100_000)}`
  t.match(parseJson(deep, limits).error, /nested deeper than 512/)
  t.equal(
    parseJson(deep, { ...limits, jsonDepth: 200_000 }).arguments.length,
    1,
    'no recursion: only the limit refuses',
  )
  t.end()
})

function accepts(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Scalars that JSON.parse sees; parseJson sees at least as many, since it keeps duplicate keys. */
function countLeaves(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, member) => sum + countLeaves(member), 0)
}
