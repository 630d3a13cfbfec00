import t from 'tap'
import { EdgeError } from '../../../src/errors.ts'
import { loadTests } from '../../../src/waf/regression/load-tests.ts'

const everyField = `---
meta: {author: me, enabled: true, name: n, description: d, version: v1, tags: [a]}
rule_id: 920100
tests:
  - test_id: 7
    test_title: old
    desc: every field
    tags: [b]
    stages:
      - description: first
        input:
          dest_addr: 192.0.2.1
          port: 8080
          protocol: https
          uri: /a
          version: HTTP/1.0
          method: PUT
          headers: {b: 1.10, A: null, Host: "x"}
          data: "ä"
          save_cookie: false
          autocomplete_headers: false
          follow_redirect: yes
          virtual_host_mode: true
          response: {status: 200, headers: {a: b}, body: x, encoded_body: eA==, log_message: m}
        output:
          status: 403
          response_contains: no
          log:
            expect_ids: [920100]
            no_expect_ids: [1, 2]
            match_regex: (?i)ABC
            no_match_regex: x
          expect_error: false
          retry_once: true
          isolated: true
  - stages:
      - input:
          stop_magic: true
          ordered_headers: [{name: b, value: 1}, {name: a, value: 2}, {name: b, value: 3}]
          encoded_data: /w==
        output: {log_contains: old form, no_log_contains: other}
      - input:
          encoded_request: |
            R0VU
            IA==
        output: {expect_error: true}
`

t.test('every field of the format is read', async (t) => {
  const { tests, warnings } = loadTests([{ file: 'a.yaml', text: everyField }])
  t.strictSame(warnings, [])
  t.strictSame(
    tests.map(({ id }) => id),
    ['920100-7', '920100-2'],
  )
  const [first, second] = tests
  t.match(first, { description: 'every field', location: { file: 'a.yaml', line: 5, column: 5 } })
  t.strictSame(first?.stages[0]?.input, {
    destination: { address: '192.0.2.1', port: 8080, protocol: 'https' },
    message: {
      kind: 'parts',
      method: 'PUT',
      uri: '/a',
      version: 'HTTP/1.0',
      headers: [
        { name: 'A', value: '' },
        { name: 'Host', value: 'x' },
        { name: 'b', value: '1.10' },
      ],
      body: { kind: 'template', text: 'ä' },
      completion: 'as-is',
    },
    redirect: 'follow',
    markerHost: 'x',
  })
  t.strictSame(first?.stages[0]?.output, {
    status: 403,
    responseContains: /no/,
    expectIds: [920100],
    forbiddenIds: [1, 2],
    matchRegex: /ABC/i,
    noMatchRegex: /x/,
    error: 'unwanted',
    company: 'isolated',
    attempts: 2,
  })
  const defaults = { address: 'localhost', port: 80, protocol: 'http' }
  t.strictSame(second?.stages[0]?.input, {
    destination: defaults,
    message: {
      kind: 'parts',
      method: 'GET',
      uri: '/',
      version: 'HTTP/1.1',
      headers: [
        { name: 'b', value: '1' },
        { name: 'a', value: '2' },
        { name: 'b', value: '3' },
      ],
      body: { kind: 'bytes', bytes: Buffer.from([0xff]) },
      completion: 'as-is',
    },
    redirect: 'none',
    markerHost: 'localhost',
  })
  t.match(second?.stages[0]?.output, { matchRegex: /old form/, noMatchRegex: /other/ })
  t.match(second?.stages[1]?.input.message, { kind: 'encoded', bytes: Buffer.from('GET ') })
  t.match(second?.stages[1]?.output, { error: 'required' })
})

const stage = (input: string, output: string) =>
  `rule_id: 1\ntests:\n  - stages:\n      - input: ${input}\n        output: ${output}\n`

const wrong: readonly [text: string, line: number, message: RegExp][] = [
  ['rule_id: 1\ntests: [', 2, /not YAML/],
  ['rule_id: x', 1, /expected a number, found "x"/],
  ['tests: []', 1, /no rule_id/],
  ['rule_id: 1\ntests: {}', 2, /expected a list/],
  ['rule_id: 1\ntests:\n  - test_id: 1', 3, /without stages/],
  ['rule_id: 1\ntests:\n  - stages:\n      - input: {}', 4, /needs input and output/],
  ['rule_id: 1\ntests:\n  - steges: []', 3, /unknown field "steges"/],
  [stage('{uris: [a]}', '{}'), 4, /unknown field "uris"/],
  [stage('{}', '{log: {expect_id: [1]}}'), 5, /unknown field "expect_id"/],
  [stage('{}', '{log: {expect_ids: 1}}'), 5, /expected a list/],
  [stage('{}', '{log: {match_regex: "("}}'), 5, /Invalid regular expression/],
  [stage('{}', '{expect_error: maybe}'), 5, /expected true or false, found "maybe"/],
  [stage('{}', '{isolated: true, log: {expect_ids: [1, 2]}}'), 5, /exactly one id/],
  [stage('{encoded_request: "R0VU*"}', '{}'), 4, /expected base64/],
  [stage('{data: x, encoded_request: R0VU}', '{}'), 4, /exclude each other/],
  [stage('{ordered_headers: [{value: x}]}', '{}'), 4, /a header needs a name/],
  [stage('{uri: [a]}', '{}'), 4, /expected a text/],
  [stage('x', '{}'), 4, /expected fields/],
  ['rule_id: 1\nrule_id: 2', 2, /not YAML: .*unique/i],
]

t.test('what is not in the format is a problem with its place', async (t) => {
  for (const [text, line, message] of wrong) {
    try {
      loadTests([{ file: 'tests.yaml', text }])
      t.fail(`${JSON.stringify(text)} was taken`)
    } catch (error) {
      if (!(error instanceof EdgeError)) throw error
      t.match(error, { code: 'ACME_EDGE_WAF_TESTS_INVALID' })
      t.match(error.problems[0], { location: { file: 'tests.yaml', line }, message }, message.source)
    }
  }
})

t.test('the problems of all files are reported together', async (t) => {
  const bad = { file: '1.yaml', text: 'tests: [{x: 1}]' }
  try {
    loadTests([bad, { ...bad, file: '2.yaml' }])
    t.fail('taken')
  } catch (error) {
    const files = error instanceof EdgeError ? error.problems.map(({ location }) => location.file) : []
    t.strictSame(files, ['1.yaml', '1.yaml', '2.yaml', '2.yaml'])
  }
})

t.test('outside of tests an unknown field is a warning', async (t) => {
  const { tests, warnings } = loadTests([{ file: '9.yaml', text: 'author: me\nmeta: {x: 1}\ntests: []' }])
  t.strictSame(tests, [])
  t.match(warnings, [
    { message: 'unknown field "author"', location: { line: 1, column: 1 } },
    { message: 'unknown field "x"', location: { line: 2, column: 8 } },
  ])
})

t.test('a file without content holds no tests; the rule may stand in the name of the file', async (t) => {
  t.strictSame(loadTests([{ file: 'a.yaml', text: '# nothing\n' }]).tests, [])
  const text = stage('{}', '{}').replace('rule_id: 1\n', '')
  t.match(loadTests([{ file: '/x9/920100.yaml', text }]).tests, [{ id: '920100-1' }])
})
