import t from 'tap'
import { addCounts, closingLine, createTapReader, exitCode } from '../../scripts/tap-reader.ts'

function read(text: string, code: number) {
  const printed: string[] = []
  const reader = createTapReader((line) => printed.push(line))
  for (const line of text.split('\n')) reader.line(line)
  return { counts: reader.end(code), printed }
}

const good = `TAP version 14
1..2
# Subtest: tests/a.test.ts
    ok 1 - works
    ok 2 - needs Pebble # SKIP not installed
    # seed 17, 3000 cases
    1..2
ok 1 - tests/a.test.ts # time=10ms
ok 2 - tests/b.test.ts # time=10ms
# { total: 12, pass: 11, skip: 1 }`

t.test('a good run: one line a file, skips and seeds', async (t) => {
  const { counts, printed } = read(good, 0)
  t.strictSame(counts, { passed: 11, failed: 0, skipped: 1 })
  t.strictSame(printed, [
    '    ok 2 - needs Pebble # SKIP not installed',
    '    # seed 17, 3000 cases',
    'ok 1 - tests/a.test.ts # time=10ms',
    'ok 2 - tests/b.test.ts # time=10ms',
  ])
  t.equal(closingLine(counts), '11 passed, 0 failed, 1 skipped')
  t.equal(exitCode(counts), 0)
})

t.test('a failure is shown whole', async (t) => {
  const text =
    '# Subtest: tests/a.test.ts\n    not ok 1 - breaks\n      ---\n      found: 1\n      ...\nnot ok 1 - tests/a.test.ts\n# { total: 1, pass: 0, fail: 1 }'
  const { counts, printed } = read(text, 1)
  t.strictSame(counts, { passed: 0, failed: 1, skipped: 0 })
  t.ok(printed.includes('      found: 1'))
  t.equal(exitCode(counts), 1)
})

t.test('a run that broke off, or failed outside of any test, has failed', async (t) => {
  t.equal(read('TAP version 14\nok 1 - tests/a.test.ts', 0).counts.failed, 1, 'no summary')
  t.equal(read('', 127).counts.failed, 1, 'nothing at all')
  t.equal(read(good, 1).counts.failed, 1, 'exit code 1 beside a good summary')
  t.equal(read('# { total: 2, pass: 1, todo: 1 }', 0).counts.failed, 1, 'unfinished tests')
})

t.test('the closing line', async (t) => {
  t.equal(closingLine({ passed: 3, failed: 0, skipped: 0 }), '3 passed, 0 failed')
  const sum = addCounts([
    { passed: 1, failed: 0, skipped: 0 },
    { passed: 2, failed: 1, skipped: 4 },
  ])
  t.equal(closingLine(sum), '3 passed, 1 failed, 4 skipped')
})
