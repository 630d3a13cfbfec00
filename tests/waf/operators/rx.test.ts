import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { translatePcre } from '../../../src/waf/operators/pcre-to-v8.ts'
import { rx } from '../../../src/waf/operators/rx.ts'
import { rxGlobal } from '../../../src/waf/operators/rx-global.ts'
import { cpuMs } from '../../helpers/cpu-time.ts'
import { operatorContext, refusalOf } from '../../helpers/operator-context.ts'

const context = operatorContext()

type Captures = readonly (string | undefined)[]

const cases: readonly (readonly [pattern: string, value: string, captures: Captures | undefined])[] = [
  ['a.c', 'xa\ncx', ['a\nc']],
  ['(?-s)a.c', 'a\nc', undefined],
  ['^b', 'a\nb', undefined],
  ['(?m)^b$', 'a\nb\nc', ['b']],
  ['(?m)^$', 'a\r\n', undefined],
  ['(?m)^', 'a\n', ['']],
  ['a$', 'a\n', undefined],
  ['a\\z', 'a', ['a']],
  ['a\\Z', 'a\n', ['a']],
  ['\\Aa', 'ba', undefined],
  ['\\s', '\xa0', undefined],
  ['\\s+', '\t\n\v\f\r ', ['\t\n\v\f\r ']],
  ['\\S', '\xa0', ['\xa0']],
  ['\\h', '\xa0', ['\xa0']],
  ['\\v', '\x85', ['\x85']],
  ['\\N+', 'ab\nc', ['ab']],
  ['\\R{2}', 'a\r\nb', undefined],
  ['\\x{bc}\\xbc\\274\\o{274}', '\xbc\xbc\xbc\xbc', ['\xbc\xbc\xbc\xbc']],
  ['[\\x{bc}-\\xbe]', '\xbd', ['\xbd']],
  ['\\cA\\e\\a', '\x01\x1b\x07', ['\x01\x1b\x07']],
  ['(?i)ab[c-e]', 'ABD', ['ABD']],
  ['(?i)[^a]', 'A', undefined],
  ['(?i)\xe9', '\xc9', undefined],
  ['(?i:a)b', 'AB', undefined],
  ['(?i:a)b', 'Ab', ['Ab']],
  ['(a(?i)b)c', 'aBC', undefined],
  ['(a(?i)b|C)d', 'cd', ['cd', 'c']],
  ['(?i)a(?-i)b', 'AB', undefined],
  ['(?x) a b # comment\n c', 'abc', ['abc']],
  ['a(?#comment)+', 'aaa', ['aaa']],
  ['[]a]+', ']a', [']a']],
  ['[^]a]', ']b', ['b']],
  ['[a-]+', 'a-', ['a-']],
  ['[\\w-.]+', 'a-.', ['a-.']],
  ['[[:alpha:][:digit:]_]+', '-aB3_-', ['aB3_']],
  ['[[:^alpha:]]+', 'a1b', ['1']],
  ['[\\b]', '\b', ['\b']],
  ['\\ba\\b', 'xa a', ['a']],
  ['\\Qa.b\\E+', 'a.bbb', ['a.bbb']],
  ['\\Qa|b', 'a|b', ['a|b']],
  ['a{2}', 'caab', ['aa']],
  ['a{,2}', 'a{,2}', ['a{,2}']],
  ['a{x}', 'a{x}', ['a{x}']],
  ['(?:a{2}){2}|b', 'aaaa', ['aaaa']],
  ['a{2}{2}', 'aaaa', ['aaaa']],
  ['\\b*a', 'a', ['a']],
  ['(?>a+)ab', 'aaab', undefined],
  ['(?>a|ab)c', 'abc', undefined],
  ['a++ab', 'aaab', undefined],
  ['(x)(a)*+(b)', 'xaab', ['xaab', 'x', 'a', 'b']],
  ['(x)(?>(a)|b)(c)', 'xac', ['xac', 'x', 'a', 'c']],
  ['(?>a*+b)++c', 'abbabc', ['abbabc']],
  ["(?<one>a)(?P<two>b)(?'three'c)", 'abc', ['abc', 'a', 'b', 'c']],
  ['(?=ab)a', 'ab', ['a']],
  ['(?!ab)a', 'abac', ['a']],
  ['(?<=b)a', 'aba', ['a']],
  ['(?<!b)a', 'ba', undefined],
  ['(a)|(b)', 'b', ['b', undefined, 'b']],
  ['\\/\\"\\-\\#\\@\\!', '/"-#@!', ['/"-#@!']],
  ['\xc3\xa9', '\xc3\xa9', ['\xc3\xa9']],
  ['', 'x', ['']],
  ['(a)b\\1', 'xaba', ['aba', 'a']],
  ['(a|b)\\1', 'abb', ['bb', 'b']],
  ['(a)(?>b+)(c)\\2', 'abbcc', ['abbcc', 'a', 'c']],
  ['(?:(\\w+)=\\1;?)+', 'a=a;b=b', ['a=a;b=b', 'b']],
  ['(?i)(\\w)\\1', 'aA', ['aA', 'a']],
  ['(\\w)\\1', 'aA', undefined],
  ['(?i:^([a-z]+)=(?!\\1)\\w+)', 'ab=aB', undefined],
  ['(?i:^([a-z]+)=(?!\\1)\\w+)', 'ab=ax', ['ab=ax', 'ab']],
  ['(\\xe9)\\1', '\xe9\xe9', ['\xe9\xe9', '\xe9']],
  ["(?'q'[\\x22\\x27])x\\1", `'x'`, ["'x'", "'"]],
]

t.test('patterns match as PCRE has it', (t) => {
  for (const [pattern, value, captures] of cases) {
    const operator = rx.compile(pattern, context)
    const label = `${JSON.stringify(pattern)} on ${JSON.stringify(value)}`
    t.strictSame(operator.exec?.(value)?.captures, captures, label)
    t.equal(operator.test(value), captures !== undefined, `${label}: test agrees`)
  }
  t.end()
})

t.test('what has no exact equivalent is refused at its place', (t) => {
  const refusals: readonly (readonly [pattern: string, offset: number, message: RegExp])[] = [
    ['ab(a)?\\1', 6, /this back reference/],
    ['(a?){2}\\1', 7, /this back reference/],
    ['(a)|b\\1', 5, /this back reference/],
    ['(?:(a)|b)\\1', 9, /this back reference/],
    ['(?:(a)|b\\1)+', 8, /this back reference/],
    ['(a\\1)', 2, /this back reference/],
    ['\\1(a)', 0, /this back reference/],
    ['(?!(a))\\1', 7, /this back reference/],
    ['(a)(?<=\\1)', 7, /this back reference/],
    ['(?i)(.)\\1', 7, /this back reference/],
    ['(?i)(\\R)\\1', 8, /this back reference/],
    ['(a)\\2', 3, /this back reference/],
    ['(a)\\11', 3, /this back reference/],
    ['a(?|b|c)', 1, /this kind of group/],
    ['a(?R)', 1, /this kind of group/],
    ['a(?(1)b|c)', 1, /this kind of group/],
    ['(*UTF8)a', 0, /verbs/],
    ['a\\x{100}', 1, /is no byte/],
    ['a\\p{L}', 1, /\\p is not supported/],
    ['a\\Kb', 1, /\\K is not supported/],
    ['a\\g{1}', 1, /\\g is not supported/],
    ['a(b', 1, /no closing parenthesis/],
    ['ab)', 2, /closes nothing/],
    ['a[b', 1, /no closing bracket/],
    ['[b-a]', 1, /out of order/],
    ['[[:foo:]]', 1, /no POSIX class/],
    ['*a', 0, /nothing to repeat/],
    ['a|+', 2, /nothing to repeat/],
    ['a\\', 1, /cannot end/],
    ['(?<=a++)b', 5, /look-behind/],
    ['\\o', 0, /needs a number/],
  ]
  for (const [pattern, offset, message] of refusals) {
    const refusal = refusalOf(() => rx.compile(pattern, context))
    t.match(refusal.message, message, pattern)
    t.equal(refusal.offset, offset, `${pattern}: offset`)
  }
  t.match(refusalOf(() => rx.compile('a{3,2}', context)).message, /not a valid pattern/)
  t.end()
})

t.test('a pattern of the common syntax keeps its meaning', (t) => {
  const atom = fc.constantFrom('a', 'b', 'C', '.', '[ab]', '[^a-b]', '\\n', '\\d', '-')
  const { pattern } = fc.letrec((tie) => ({
    pattern: fc.array(tie('alternative'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join('|')),
    alternative: fc.array(tie('piece'), { maxLength: 4 }).map((parts) => parts.join('')),
    // Unbounded repetition of single atoms only: nested, it would take exponential time in either engine.
    piece: fc.oneof(
      { depthSize: 'small' },
      fc.tuple(atom, fc.constantFrom('', '', '*', '+?', '?', '{1,2}')).map((parts) => parts.join('')),
      fc
        .tuple(tie('pattern'), fc.constantFrom('(', '(?:'), fc.constantFrom('', '?'))
        .map(([inner, open, quantifier]) => `${open}${inner})${quantifier}`),
    ),
  }))
  const value = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', '1', '-', '\n'), maxLength: 8 })
  const property = fc.property(pattern.map(String), value, fc.boolean(), (source, input, ignoreCase) => {
    const own = rx.compile(ignoreCase ? `(?i)${source}` : source, context).exec?.(input)?.captures
    const native = new RegExp(source, ignoreCase ? 'si' : 's').exec(input)
    return JSON.stringify(own) === JSON.stringify(native === null ? undefined : [...native])
  })
  const report = fc.check(property, { numRuns: 3_000 })
  t.comment(`seed ${report.seed}, ${report.numRuns} patterns`)
  t.notOk(report.failed, fc.defaultReportMessage(report) ?? '')
  t.end()
})

t.test('garbage is translated or refused, never anything else', (t) => {
  const unit = fc.constantFrom(..."()[]{}?*+|^$.\\abxQER<>=!:-,12#'P", '(?', '(?<', '[[:', '\\x{', '(?i', '\xff')
  const property = fc.property(fc.string({ unit, maxLength: 12 }), (source) => {
    try {
      rx.compile(source, context)
      return true
    } catch (error) {
      return typeof error === 'object' && error !== null && !(error instanceof Error) && 'message' in error
    }
  })
  const report = fc.check(property, { numRuns: 5_000 })
  t.comment(`seed ${report.seed}, ${report.numRuns} patterns`)
  t.notOk(report.failed, fc.defaultReportMessage(report) ?? '')
  t.end()
})

t.test('nested repetition does not stop the process', (t) => {
  const value = `${'a'.repeat(40)}b`
  for (const pattern of ['^(a+)+$', '(?i)^(a+)+$', '^(?:a|a)*$', '^(?:a+)+\\b-']) {
    const operator = rx.compile(pattern, context)
    const elapsedMs = cpuMs(() => t.equal(operator.test(value), false, pattern))
    t.ok(elapsedMs < 500, `${pattern}: ${elapsedMs.toFixed(1)} ms`)
  }
  t.end()
})

t.test('rxGlobal captures from every match', (t) => {
  const operator = rxGlobal.compile('(\\w)=(\\d)', context)
  t.strictSame(operator.exec?.('a=1&b=2')?.captures, ['a=1', 'a', '1', 'b=2', 'b', '2'])
  t.equal(operator.exec?.('a=1 '.repeat(50))?.captures.length, 10)
  t.equal(operator.exec?.('none'), undefined)
  t.equal(operator.test('x=9'), true)
  t.equal(operator.test('x=9'), true, 'a second test begins at the front again')
  t.end()
})

const rules = join(import.meta.dirname, '../../../../shared/crs/rules')

t.test('every pattern of the Core Rule Set compiles', { skip: !existsSync(rules) && '../shared is absent' }, (t) => {
  const patterns = readdirSync(rules)
    .filter((file) => file.endsWith('.conf'))
    .flatMap((file) => readFileSync(join(rules, file), 'latin1').split('\n'))
    .flatMap((line) => /^ *(?:SecRule .*)?"!?@rx (.*)" \\$/.exec(line)?.[1] ?? [])
  for (const pattern of patterns) {
    const { source } = translatePcre(pattern.replaceAll('\\"', '"'), (message, offset) => {
      throw new Error(`${message} at ${offset} of ${pattern}`)
    })
    t.doesNotThrow(() => new RegExp(source, 's').test(''), pattern.slice(0, 60))
  }
  t.equal(patterns.length, 318, 'every pattern was tried')
  t.end()
})

t.test('white space shared out among many repetitions costs no more than a moment', async (t) => {
  const ranges = rx.compile('^bytes=(?:(?:\\d+)?-(?:\\d+)?\\s*,?\\s*){63}', operatorContext())
  const startedAt = performance.now()
  t.notOk(ranges.test(`bytes=${'1-2  '.repeat(62)}`))
  t.ok(performance.now() - startedAt < 1_000)
  t.ok(ranges.test(`bytes=${'1-2 , '.repeat(63)}`))
  t.ok(ranges.test(`bytes=${'-'.repeat(63)}`))
  t.notOk(ranges.test(`bytes=${'-'.repeat(62)}`))
  const twice = rx.compile('^(?:a{9}){2}$', operatorContext())
  t.ok(twice.test('a'.repeat(18)))
  t.notOk(twice.test('a'.repeat(17)))
  t.same(rx.compile('(ab?){9}c', operatorContext()).exec?.('aaaaaaaaabc'), { captures: ['aaaaaaaaabc', 'ab'] })
})
