import t from 'tap'
import { parseCookies } from '../../../src/waf/bodies/cookies.ts'
import { parseUrlEncoded } from '../../../src/waf/bodies/url-encoded.ts'
import { cpuMs } from '../../helpers/cpu-time.ts'
import { limits } from './limits.ts'

type Pairs = readonly (readonly [name: string, value: string])[]

const forms: readonly (readonly [body: string, pairs: Pairs])[] = [
  ['', []],
  [
    'a=1&b=2',
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
  ['a', [['a', '']]],
  ['=x', [['', 'x']]],
  ['a=b=c', [['a', 'b=c']]],
  // Each separator ends a member; after the last one there is none.
  [
    '&&a=1&',
    [
      ['', ''],
      ['', ''],
      ['a', '1'],
    ],
  ],
  [
    'a=1&a=2',
    [
      ['a', '1'],
      ['a', '2'],
    ],
  ],
  ['%61+b=%3Cx%3e%00', [['a b', '<x>\0']]],
  ['a=%zz%4%', [['a', '%zz%4%']]],
  ['a=%u003c', [['a', '%u003c']]],
  ['a=%2541', [['a', '%41']]],
  ['a=1;b=2', [['a', '1;b=2']]],
  ['\xff=%ff', [['\xff', '\xff']]],
]

t.test('form bodies and query strings', (t) => {
  for (const [body, pairs] of forms) {
    const parsed = parseUrlEncoded(body, '&', limits)
    t.strictSame(
      parsed.arguments.map(({ name, value }) => [name, value]),
      pairs,
      JSON.stringify(body),
    )
    t.equal(parsed.error, undefined)
  }
  t.equal(parseUrlEncoded('a=1;b=2', ';', limits).arguments.length, 2, 'another separator')
  t.end()
})

t.test('too many arguments are an error, and those within the limit are still inspected', (t) => {
  const parsed = parseUrlEncoded('a=1&b=2&c=3', '&', { ...limits, argumentCount: 2 })
  t.equal(parsed.arguments.length, 2)
  t.match(parsed.error, /more than 2 arguments/)
  t.equal(parseUrlEncoded('a=1&b=2&', '&', { ...limits, argumentCount: 2 }).error, undefined)
  t.end()
})

t.test('a megabyte of hostile form takes less than 200 ms', (t) => {
  for (const seed of ['%41', '&', 'a=&', '%', '+', '=']) {
    const body = seed.repeat(2 ** 20 / seed.length)
    const elapsedMs = cpuMs(() => parseUrlEncoded(body, '&', { ...limits, argumentCount: 1_000 }))
    t.ok(elapsedMs < 200, `${JSON.stringify(seed)}: ${elapsedMs.toFixed(0)} ms`)
  }
  t.end()
})

const cookies: readonly (readonly [value: string, pairs: Pairs])[] = [
  [
    'a=1; b=2',
    [
      ['a', '1'],
      ['b', '2'],
    ],
  ],
  [
    'a=1;b="x;y"',
    [
      ['a', '1'],
      ['b', '"x'],
      ['y"', ''],
    ],
  ],
  ['a', [['a', '']]],
  ['a=b=c', [['a', 'b=c']]],
  [' ;; \ta=%41 ', [['a', '%41']]],
  [
    'a=1; a=2',
    [
      ['a', '1'],
      ['a', '2'],
    ],
  ],
  ['=x', [['', 'x']]],
  ['', []],
]

t.test('cookies', (t) => {
  for (const [value, pairs] of cookies) {
    t.strictSame(
      parseCookies(value).map(({ name, value }) => [name, value]),
      pairs,
      JSON.stringify(value),
    )
  }
  t.end()
})
