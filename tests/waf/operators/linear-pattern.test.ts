import { existsSync } from 'node:fs'
import t from 'tap'
import { expandRules } from '../../../src/cli/test-files.ts'
import { writeOutCounts } from '../../../src/waf/operators/linear-pattern.ts'
import type { CompiledOperator } from '../../../src/waf/operators/operator.ts'
import { answerOf } from '../../../src/waf/operators/operator.ts'
import { rx } from '../../../src/waf/operators/rx.ts'
import { attackStrings } from '../../helpers/attack-requests.ts'
import { coreRuleSetFiles, coreRuleSetTests } from '../../helpers/core-rule-set.ts'
import { corpora } from '../../helpers/detector-cases.ts'
import { hostileValuesOf } from '../../helpers/hostile-values.ts'
import { operatorContext } from '../../helpers/operator-context.ts'
import { patternsOf } from '../../helpers/patterns-of.ts'
import { isFullRun } from '../../helpers/run-size.ts'

t.test('counted repetitions are written out', async (t) => {
  for (const [source, written] of [
    ['a{3}', 'aaa'],
    ['a{2,4}', 'aaa?a?'],
    ['a{2,4}?b', 'aaa??a??b'],
    ['a{2,}', 'aaa*'],
    ['a{0,1}', 'a?'],
    ['[{a}\\]]{2}', '[{a}\\]][{a}\\]]'],
    ['(?:a|b{2}){2}', '(?:a|bb)(?:a|bb)'],
    ['(a)b{2}', '(a)bb'],
    ['\\x41{2}\\.+', '\\x41\\x41\\.+'],
    ['(a){2}', undefined],
    ['(?:(a)){2}', undefined],
    ['(?:a{1000}){1000}', undefined],
  ] as const)
    t.equal(writeOutCounts(source), written, source)
})

t.test('finds the same', async (t) => {
  for (const [pattern, value] of [
    ['(a+)(b{2,40})?c', 'xaabbbc'],
    ['(?i)x(?:[a-z]{20,30}|\\d{2,3}?)(y?)', '..X123y'],
    ['^(?:(a)|b)+$', 'ab'],
    ['(a{1,3}?)(a*)', 'aaaa'],
    ['.{2,20}$', 'ab\ncd'],
  ] as const) {
    const operator = rx.compile(pattern, operatorContext())
    const linear = operator.inLinearTime?.()
    t.ok(linear, pattern)
    if (linear !== undefined) t.strictSame(answerOf(linear, value), answerOf(operator, value), pattern)
  }
})

t.test('look-ahead and back references have no such form', async (t) => {
  for (const pattern of ['a(?=b)', '(a)\\1', '(?>a+)b', 'a++b']) {
    t.equal(rx.compile(pattern, operatorContext()).inLinearTime?.(), undefined, pattern)
  }
})

const skip = existsSync(coreRuleSetTests) ? false : 'the Core Rule Set is not beside this repository'

t.test('finds the same as each pattern of the Core Rule Set does', { skip, timeout: 600_000 }, async (t) => {
  const patterns = await patternsOf(expandRules(coreRuleSetFiles))
  const attacks = corpora === undefined ? [] : attackStrings(corpora)
  let found = 0
  let compared = 0
  for (const [index, { id, operator }] of patterns.entries()) {
    const linear = operator.inLinearTime?.()
    t.ok(linear, `${id} has one`)
    if (linear === undefined) continue
    const near = hostileValuesOf(operator).map((value) => value.build(60))
    const values = [...near, ...attacks].filter((_, at) => isFullRun || (at + index) % 40 === 0)
    for (const value of values) {
      compared++
      if (differ(operator, linear, value)) t.fail(`${id}: ${JSON.stringify(value)}`)
      else if (operator.test(value)) found++
    }
  }
  t.comment(`${patterns.length} patterns, ${compared} values, ${found} matches`)
  t.ok(patterns.length > 300 && found > 100)
})

function differ(operator: CompiledOperator, linear: CompiledOperator, value: string): boolean {
  return JSON.stringify(answerOf(operator, value)) !== JSON.stringify(answerOf(linear, value))
}
