import t from 'tap'
import {
  jsonReport,
  junitReport,
  type ReportFormat,
  summaryOf,
  tapReport,
  textReport,
} from '../../../src/waf/regression/reports.ts'
import type { TestResult } from '../../../src/waf/regression/run-tests.ts'

const test = {
  id: '1-1',
  ruleId: 1,
  testId: 1,
  description: undefined,
  location: { file: 'a&b.yaml', line: 3, column: 5 },
  stages: [],
}
const results: readonly TestResult[] = [
  { test, result: 'passed', ids: [7], reason: undefined },
  { test: { ...test, id: '1-2' }, result: 'failed', ids: [7, 9], reason: 'not "<logged>": \x1b[2J\n' },
  { test: { ...test, id: '1-3' }, result: 'skipped', ids: [], reason: 'expects nothing' },
]

function render(format: ReportFormat): string {
  const parts = results.map((result, index) => format.result(result, index + 1))
  return [format.begin(results.length), ...parts, format.end()].join('')
}

t.test('text shows what did not pass; nothing in it steers a terminal', async (t) => {
  t.equal(
    render(textReport),
    'failed 1-2: not "<logged>": ?[2J? (logged: 7 9)  a&b.yaml:3\nskipped 1-3: expects nothing  a&b.yaml:3\n',
  )
})

t.test('JSON is one object a test', async (t) => {
  const objects = render(jsonReport).trimEnd().split('\n')
  t.strictSame(
    objects.map((line): unknown => JSON.parse(line)),
    [
      { test: '1-1', result: 'passed', ids: [7], reason: null },
      { test: '1-2', result: 'failed', ids: [7, 9], reason: 'not "<logged>": \x1b[2J\n' },
      { test: '1-3', result: 'skipped', ids: [], reason: 'expects nothing' },
    ],
  )
})

t.test('TAP has a plan, a point a test and a reason', async (t) => {
  t.equal(
    render(tapReport),
    [
      'TAP version 14',
      '1..3',
      'ok 1 - 1-1',
      'not ok 2 - 1-2',
      '  ---',
      '  message: "not \\"<logged>\\": \\u001b[2J\\n"',
      '  at: "a&b.yaml:3"',
      '  ...',
      'ok 3 - 1-3 # SKIP expects nothing',
      '',
    ].join('\n'),
  )
})

t.test('JUnit escapes what XML cannot hold', async (t) => {
  const text = render(junitReport)
  t.match(text, '<testcase classname="a&amp;b.yaml" name="1-1"/>\n')
  t.match(text, '<failure message="not &quot;&lt;logged&gt;&quot;: ?[2J?"/>')
  t.match(text, '<skipped message="expects nothing"/>')
  t.match(text, /^<\?xml .*<\/testsuites>\n$/s)
})

t.test('the summary counts', async (t) => {
  t.equal(summaryOf({ passed: 1, failed: 2, skipped: 3 }), '1 passed, 2 failed, 3 skipped')
})
