import t from 'tap'
import { applyOverrides, loadOverrides } from '../../../src/waf/regression/load-overrides.ts'
import { loadTests } from '../../../src/waf/regression/load-tests.ts'

const stage = '{input: {}, output: {status: 1}}'
const text = `rule_id: 5\ntests:\n  - stages: [${stage}, ${stage}]\n  - stages: [${stage}]\n`
const { tests } = loadTests([{ file: '5.yaml', text }])

function statuses(overrides: string): (number | undefined)[][] {
  const file = `version: v1\nmeta: {engine: e, platform: p, annotations: [{os: x}]}\ntest_overrides:\n${overrides}`
  const applied = applyOverrides(tests, loadOverrides({ file: 'overrides.yaml', text: file }))
  return applied.map(({ stages }) => stages.map(({ output }) => output.status))
}

t.test('an override takes the place of the outputs that it names', async (t) => {
  t.strictSame(statuses('  - {rule_id: 5, reason: r, output: {status: 2}}'), [[2, 2], [2]])
  t.strictSame(statuses('  - {rule_id: 5, test_ids: [1], reason: r, output: {status: 2}}'), [[2, 2], [1]])
  t.strictSame(statuses('  - {rule_id: 5, test_ids: [1], stage_ids: [1], reason: r, output: {status: 2}}'), [
    [1, 2],
    [1],
  ])
  t.strictSame(statuses('  - {rule_id: 6, reason: r, output: {status: 2}}'), [[1, 1], [1]])
  t.strictSame(statuses('  - {rule_id: 5, test_ids: [2], reason: r}'), [[1, 1], [undefined]])
})

t.test('overrides without rule or reason, or with unknown fields, are refused with their place', async (t) => {
  const cases = { '{reason: r}': /needs a rule_id/, '{rule_id: 5}': /needs a reason/, '{ruleid: 5}': /unknown field/ }
  for (const [override, message] of Object.entries(cases)) {
    const expected = {
      code: 'ACME_EDGE_WAF_TESTS_INVALID',
      problems: [{ message, location: { file: 'overrides.yaml', line: 4 } }],
    }
    t.throws(() => statuses(`  - ${override}`), expected, override)
  }
})
