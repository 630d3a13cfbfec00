import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { spawnEdge, startEdgeProcess } from '../helpers/edge-process.ts'
import { startOrigin } from '../helpers/recording-origin.ts'

const folder = mkdtempSync(join(tmpdir(), 'acme-edge-waf-test-'))
t.teardown(() => rmSync(folder, { recursive: true }))

const rules = `
SecResponseBodyAccess On
SecResponseBodyMimeType text/html
SecRule REQUEST_HEADERS:X-CRS-Test "@rx ^.*$" \\
  "id:999999,phase:1,pass,log,msg:'X-CRS-Test %{MATCHED_VAR}',ctl:ruleRemoveById=1-999998"
SecRule ARGS "@contains attack" "id:1001,phase:2,deny,log,msg:'attack'"
SecRule REQUEST_METHOD "@streq BREW" "id:1002,phase:1,pass,log,msg:'method'"
SecRule REQUEST_HEADERS:X-Quiet "@rx ." "id:1003,phase:1,pass,nolog"
SecRule RESPONSE_BODY "@contains secret" "id:1004,phase:4,pass,log,msg:'leak'"
SecAction "id:1005,phase:5,pass,log,msg:'always'"
`
const stage = (input: string, output: string) => `  - stages:\n      - input: {${input}}\n        output: {${output}}\n`
const tests = [
  stage('uri: "/?a=attack", headers: {Host: localhost}', 'status: 403, log: {expect_ids: [1001, 1005]}'),
  stage('uri: /, headers: {Host: localhost}', 'status: 200, log: {expect_ids: [1005], no_expect_ids: [1001]}'),
  stage(
    'method: POST, uri: /, headers: {Host: localhost}, data: "a=an attack"',
    'status: 403, log: {expect_ids: [1001]}',
  ),
  stage('method: BREW, uri: /, headers: {Host: localhost}', 'status: 400, log: {expect_ids: [1002, 1005]}'),
  stage('uri: "/a b", headers: {Host: localhost}', 'status: 400, log: {match_regex: "id .1005"}'),
  stage(`encoded_request: ${btoa('GET / HTTP/1.1\r\nhost: localhost\r\nbad\x00: 1\r\n\r\n')}`, 'status: 400'),
  stage('uri: /, headers: {Host: localhost, X-Quiet: "1"}', 'log: {no_expect_ids: [1003]}'),
  stage('uri: /, headers: {Host: localhost}', 'status: 200'),
  // what follows a request is refused on its own, and recorded: 1002
  stage(
    `encoded_request: ${btoa('GET / HTTP/1.1\r\nhost: localhost\r\n\r\nBREW / HTTP/1.1\r\nhost: localhost\r\n\r\n')}`,
    'status: 200, log: {expect_ids: [1002]}',
  ),
].join('')
const reflecting = stage(
  'method: POST, uri: /reflect, headers: {Host: localhost, Content-Type: text/plain}, data: \'{"status": 201, "body": "<p>secret</p>"}\'',
  'status: 201, response_contains: "text/html", log: {expect_ids: [1004]}',
)
const failing =
  stage('uri: /, headers: {Host: localhost}', 'status: 403') +
  stage('uri: /, headers: {Host: localhost}', '') +
  stage('method: POST, uri: /, headers: {Host: localhost, Content-Length: "9"}', 'status: 200')

mkdirSync(join(folder, 'all/sub'), { recursive: true })
const file = (name: string, text: string) => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const ruleFile = file('rules.conf', rules)
const good = file('all/good.yaml', `rule_id: 100\ntests:\n${tests}`)
file('all/sub/reflect.yaml', `rule_id: 200\ntests:\n${reflecting}`)
file('all/overrides.yaml', 'version: v1\ntest_overrides: []\n')
const bad = file('bad.yaml', `rule_id: 300\ntests:\n${failing}`)
const unknown = file('unknown.yaml', 'rule_id: 1\ntests:\n  - stagse: []\n')

async function run(...words: readonly string[]) {
  const edge = spawnEdge(['waf', 'test', ...words], { cwd: folder })
  const { code } = await edge.exited
  return { code, out: edge.stdout(), err: edge.stderr() }
}

t.test('a folder of tests passes in this process', async (t) => {
  const { code, out, err } = await run('all', '--rules', 'rules.conf')
  t.equal(out, '10 passed, 0 failed, 0 skipped\n', err)
  t.equal(code, 0)
})

t.test('what fails is named with its reason and place; the last line counts; the exit code is 1', async (t) => {
  const { code, out, err } = await run('bad.yaml', '--rules', ruleFile)
  t.strictSame(out.trimEnd().split('\n'), [
    `failed 300-1: expected status 403, got 200 (logged: 1005)  ${bad}:3`,
    `skipped 300-2: expects nothing  ${bad}:6`,
    `failed 300-3: no whole answer within 3000 ms (logged: 1005)  ${bad}:9`,
    '0 passed, 2 failed, 1 skipped',
  ])
  t.equal(err, '')
  t.equal(code, 1)
})

t.test('--json is one object a test on standard output, and nothing else', async (t) => {
  const { code, out, err } = await run(good, '--rules', '*.conf', '--json')
  const objects = out
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  t.equal(objects.length, 9)
  t.strictSame(objects[0], { test: '100-1', result: 'passed', ids: [1001, 1005], reason: null })
  t.equal(err, '9 passed, 0 failed, 0 skipped\n')
  t.equal(code, 0)
})

t.test('--tap and --junit', async (t) => {
  const junit = join(folder, 'report.xml')
  const { out } = await run(good, '--rules', ruleFile, '--tap', '--junit', junit)
  t.match(out, /^TAP version 14\n1\.\.9\nok 1 - 100-1\n/)
  t.match(out, /\n# 9 passed, 0 failed, 0 skipped\n$/)
  t.equal(readFileSync(junit, 'utf8').match(/<testcase /g)?.length, 9)
})

t.test('--overrides replace what tests expect', async (t) => {
  const overrides = file(
    'overrides.yaml',
    'test_overrides:\n  - {rule_id: 300, test_ids: [1], reason: r, output: {status: 200}}\n' +
      '  - {rule_id: 300, test_ids: [3], reason: r, output: {expect_error: true}}\n',
  )
  t.match(await run('bad.yaml', '--rules', ruleFile, '--overrides', overrides), {
    code: 0,
    out: /\n2 passed, 0 failed, 1 skipped\n$/,
  })
})

t.test('--config gives the rules and the mode', async (t) => {
  const sites = 'listen: {http: ["127.0.0.1:0"]}\nsites: [{hosts: ["*"], origin: ["http://127.0.0.1:9"]}]\n'
  file('edge.yaml', `${sites}waf: {mode: detect, rules: [rules.conf]}\n`)
  const { code, out } = await run(good, '--config', 'edge.yaml')
  t.match(out, /^failed 100-1: expected status 403, got 200 \(logged: 1001 1005\)/)
  t.match(out, /\n7 passed, 2 failed, 0 skipped\n$/)
  t.equal(code, 1)
})

const wrong: readonly [words: readonly string[], message: RegExp][] = [
  [[good], /give --rules or --config/],
  [['none.yaml', '--rules', ruleFile], /no file matches "none.yaml"/],
  [[unknown, '--rules', ruleFile], /unknown.yaml:3:5: unknown field "stagse"/],
  [[good, '--rules', 'none.conf'], /no file matches "none.conf"/],
  [[good, '--rules', good], /good.yaml:1:1/],
  [[good, '--rules', ruleFile, '--overrides', 'none'], /cannot read none/],
  [[good, '--rules', ruleFile, '--json', '--tap'], /cannot be used with/],
  [[good, '--rules', ruleFile, '--junit', 'none/report.xml'], /cannot write none/],
  [[good, '--url', 'ftp://a'], /give a URL/],
  [[good, '--url', 'http://127.0.0.1:9'], /needs --log/],
  [[good, '--url', 'http://127.0.0.1:9', '--log', 'none.log'], /cannot read the error log/],
]

t.test('bad usage, tests and rules: exit code 2, and why', async (t) => {
  for (const [words, message] of wrong) {
    const { code, out, err } = await run(...words)
    t.equal(code, 2, words.join(' '))
    t.match(out + err, message)
  }
  t.notOk(existsSync(join(folder, 'none')))
})

t.test('over the network the verdicts are the same', async (t) => {
  const origin = await startOrigin()
  t.teardown(() => origin.close())
  const edge = await startEdgeProcess({ origins: [origin.url], hosts: ['*'], rules: [ruleFile] })
  t.teardown(() => edge.stop())
  const url = `http://127.0.0.1:${edge.httpPort}`
  const log = join(edge.folder, 'logs/waf.log')
  const network = await run(good, '--url', url, '--log', log, '--json')
  t.equal(network.err, '9 passed, 0 failed, 0 skipped\n', network.out)
  t.equal(network.out, (await run(good, '--rules', ruleFile, '--json')).out)
  const other = file('other.log', '')
  t.match(await run(good, '--url', url, '--log', other), {
    code: 1,
    err: /ACME_EDGE_WAF_TESTS_UNMARKED.*does not show/,
  })
  t.match(await run(good, '--url', 'http://127.0.0.1:9', '--log', other), {
    code: 1,
    err: /no answer from 127.0.0.1:9/,
  })
})
