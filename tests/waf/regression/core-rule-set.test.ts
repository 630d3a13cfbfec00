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
  t.strictSame(
    failed.map(({ test, reason }) => `${test.id}: ${reason}`),
    [],
  )
  t.comment(`${results.length - failed.length} of ${results.length} passed`)
})
