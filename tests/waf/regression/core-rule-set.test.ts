import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openInProcessExchange } from '../../../src/cli/in-process-exchange.ts'
import { expandRules, readTestFile, readTestFiles } from '../../../src/cli/test-files.ts'
import { defaultLimits, toLimitsConfig } from '../../../src/config/limits-schema.ts'
import { applyOverrides, loadOverrides } from '../../../src/waf/regression/load-overrides.ts'
import { loadTests } from '../../../src/waf/regression/load-tests.ts'
import { runTests, type TestResult } from '../../../src/waf/regression/run-tests.ts'
import { loadRuleSet } from '../../../src/waf/rule-set.ts'

const shared = join(import.meta.dirname, '../../../../shared')
const skip = existsSync(join(shared, 'crs-tests')) ? false : 'the Core Rule Set is not beside this repository'

/** What fails beyond the overrides, and why; see docs/divergences.md. */
const known: Readonly<Record<string, string>> = {
  '920430-5': 'HTTP/0.9 is refused with 400',
  '920620-1': 'two Content-Types stay two',
}

t.test("the Core Rule Set's own tests, in this process", { skip, timeout: 240_000 }, async (t) => {
  const setup = [
    join(shared, 'crs/crs-setup.conf.example'),
    join(import.meta.dirname, '../../fixtures/crs-test-settings.conf'),
  ]
  const files = expandRules([...setup, join(shared, 'crs/rules/*.conf')])
  const overrides = loadOverrides(readTestFile(join(import.meta.dirname, '../../crs-overrides.yaml')))
  t.ok(overrides.length <= 2, `${overrides.length} overrides`)
  const tests = applyOverrides(loadTests(readTestFiles([join(shared, 'crs-tests')])).tests, overrides)
  const rules = await loadRuleSet({ files, mode: 'block' })
  const { exchange, close } = await openInProcessExchange(rules, toLimitsConfig(defaultLimits()))
  t.teardown(close)
  const results: TestResult[] = []
  for await (const result of runTests(tests, exchange)) results.push(result)
  t.equal(results.length, tests.length)
  t.ok(results.length > 3_000, `${results.length} tests ran`)
  const failed = results.filter(({ result }) => result !== 'passed')
  const unexpected = failed.filter((one) => !(one.test.id in known))
  t.strictSame(
    unexpected.map(({ test, reason }) => `${test.id}: ${reason}`),
    [],
  )
  t.strictSame(
    Object.keys(known).filter((id) => !failed.some(({ test }) => test.id === id)),
    [],
    'what is known to fail fails',
  )
  t.comment(`${results.length - failed.length} of ${results.length} passed`)
})
