import t from 'tap'
import { loadTests } from '../../../src/waf/regression/load-tests.ts'
import { type Exchange, runTests, type StageRequest, type TestResult } from '../../../src/waf/regression/run-tests.ts'

/** Runs tests written as YAML; `answers` come one after the other. */
async function run(stages: string, answers: readonly { head: string; ids?: readonly number[] }[]) {
  const { tests } = loadTests([{ file: '1.yaml', text: `rule_id: 1\ntests:\n  - stages:\n${stages}` }])
  const sent: StageRequest[] = []
  const exchange: Exchange = async (request) => {
    const { head = '', ids = [] } = answers[sent.length] ?? {}
    sent.push(request)
    const location = /Location: (\S+)/.exec(head)?.[1]
    const status = Number(head.slice(0, 3))
    const lines = ids.map((id) => `[id "${id}"]`)
    return { lines, answer: { kind: 'response', response: { status, location, text: head, state: 'complete' } } }
  }
  const results: TestResult[] = []
  for await (const result of runTests(tests, exchange)) results.push(result)
  return { sent: sent.map(({ bytes }) => bytes.toString()), requests: sent, result: results[0], count: results.length }
}

const stage = (input: string, output: string) => `      - input: {${input}}\n        output: {${output}}\n`

t.test('a test passes when all its stages do', async (t) => {
  const stages = stage('uri: /a', 'status: 200') + stage('uri: /b', 'log: {expect_ids: [7]}')
  const { sent, result } = await run(stages, [
    { head: '200', ids: [5] },
    { head: '200', ids: [7] },
  ])
  t.match(result, { result: 'passed', ids: [5, 7], reason: undefined })
  t.match(sent, [/^GET \/a HTTP/, /^GET \/b HTTP/])
})

t.test('it fails with the first stage that does, and says which', async (t) => {
  const stages = stage('uri: /a', 'status: 200') + stage('uri: /b', 'status: 200')
  const { sent, result } = await run(stages, [{ head: '403' }])
  t.match(result, { result: 'failed', reason: 'stage 1: expected status 200, got 403' })
  t.equal(sent.length, 1)
})

t.test('a test that expects nothing is skipped and not sent', async (t) => {
  const { sent, result } = await run(stage('', ''), [])
  t.match(result, { result: 'skipped', reason: 'expects nothing' })
  t.equal(sent.length, 0)
})

t.test('retry_once tries a second time, and no third', async (t) => {
  const stages = stage('', 'status: 200, retry_once: true')
  t.match(await run(stages, [{ head: '500' }, { head: '200' }]), { result: { result: 'passed' }, sent: { length: 2 } })
  t.match(await run(stages, [{ head: '500' }, { head: '500' }, { head: '200' }]), {
    result: { result: 'failed' },
    sent: { length: 2 },
  })
})

t.test('follow_redirect goes where the previous stage was sent', async (t) => {
  const stages = stage('uri: /a/b', '') + stage('follow_redirect: true, headers: {Host: x, A: b}', 'status: 200')
  const { sent, requests } = await run(stages, [{ head: '302 Location: c?d' }, { head: '200' }])
  t.equal(sent[1], 'GET /a/c?d HTTP/1.1\r\nA: b\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  t.match(requests[1]?.destination, { address: 'localhost', port: 80, protocol: 'http' })
  const away = await run(stages, [{ head: '301 Location: https://other.example:444/' }, { head: '200' }])
  t.match(away.sent[1], /\r\nHost: other.example:444\r\n/)
  t.match(away.requests[1]?.destination, { address: 'other.example', port: 444, protocol: 'https' })
})

t.test('follow_redirect without a redirect fails', async (t) => {
  const stages = stage('uri: /a', '') + stage('follow_redirect: true', 'status: 200')
  t.match((await run(stages, [{ head: '200 Location: /c' }])).result, { reason: /^stage 2: .*was not redirected/ })
  t.match((await run(stage('follow_redirect: true', 'status: 1'), [])).result, { reason: /was not redirected/ })
  t.match((await run(stages, [{ head: '302 Location: http://[' }])).result, { reason: /cannot follow/ })
})

t.test('data that cannot be built fails the test, not the run', async (t) => {
  const { result, sent } = await run(stage('data: "{{ unknown }}"', 'status: 200'), [])
  t.match(result, { result: 'failed', reason: /template/ })
  t.equal(sent.length, 0)
})
