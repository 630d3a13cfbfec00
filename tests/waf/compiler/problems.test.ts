import t from 'tap'
import { EdgeError } from '../../../src/errors.ts'
import { load } from '../../helpers/rule-engine.ts'

/** Rules, and the place and text of what is wrong with them. */
const cases: readonly [rules: string, place: string, message: RegExp][] = [
  ['SecRule NOWHERE "x" "id:1"', '1:9', /unknown variable "NOWHERE"/],
  ['SecRule ARGS|GEOGRAPHY:country "x" "id:1"', '1:14', /unknown variable "GEOGRAPHY"/],
  ['SecRule REQUEST_METHOD:x "x" "id:1"', '1:9', /REQUEST_METHOD takes no selector/],
  ['SecRule ARGS:/(/ "x" "id:1"', '1:15', /./],
  ['SecRule ARGS "@nothing x" "id:1"', '1:16', /operator "@nothing" is not supported/],
  ['SecRule ARGS "@rx a(b" "id:1"', '1:20', /./],
  ['SecRule ARGS "@pmFromFile none.data" "id:1"', '1:27', /the file "none.data" cannot be read/],
  ['SecRule ARGS "@eq %{nope.x}" "id:1"', '1:21', /unknown variable "nope" in a macro/],
  ['SecRule ARGS "x" "id:1,frobnicate"', '1:24', /action "frobnicate" is not supported/],
  [
    'SecRule ARGS "x" "id:1,exec:/bin/sh"',
    '1:24',
    /action "exec" is not supported: nothing of a request may start a program/,
  ],
  [
    'SecRule FILES_TMPNAMES "@rx x" "id:1"',
    '1:9',
    /unknown variable "FILES_TMPNAMES": nothing of a request is written/,
  ],
  ['SecRule ARGS "@ValidateSchema x" "id:1"', '1:16', /"@ValidateSchema" is not supported: documents are inspected/],
  ['secremoterules k https://x.example/', '1:1', /secremoterules is not supported: rules are read from files/],
  ['SecRule ARGS "x" "id:1,t:rot13"', '1:26', /unknown transformation "rot13"/],
  ['SecRule ARGS "x" "id:1,msg:\'%{x.y}\'"', '1:31', /unknown variable "x" in a macro/],
  ['SecRule ARGS "x" "id:1,msg:\'%{ARGS:/a(/}\'"', '1:31', /the pattern of a macro: /],
  ['SecRule ARGS "x" "phase:1"', '1:1', /the rule has no id/],
  ['SecRule ARGS "x" "id:0"', '1:22', /id must be a whole number/],
  ['SecRule ARGS "x" "id:1,phase:6"', '1:30', /phase must be a whole number from 1 to 5/],
  ['SecRule ARGS "x" "id:1,severity:HIGH"', '1:33', /severity must be a whole number from 0 to 7/],
  ['SecRule ARGS "x" "id:1,status:9"', '1:31', /status must be a whole number from 100 to 599/],
  ['SecRule ARGS "x" "id:1,status"', '1:24', /"status" lacks its argument/],
  ['SecRule ARGS "x" "id:1,deny:403"', '1:29', /"deny" takes no argument/],
  ['SecRule ARGS "x" "id:1,allow:all"', '1:30', /allow takes "phase", "request" or nothing/],
  ['SecAction "id:1"\nSecAction "id:1"', '2:12', /the id 1 is already that of the rule at \/rules\/test.conf:1/],
  ['SecRule ARGS "x" "id:1,chain"\nSecMarker X', '1:24', /no rule follows to continue this chain/],
  ['SecRule ARGS "x" "id:1,chain"\nSecRule ARGS "y" "deny"', '2:19', /"deny" belongs to the first rule of the chain/],
  ['SecRule ARGS "x" "id:1,chain"\nSecRule ARGS "y" "phase:2"', '2:19', /"phase" belongs to the first rule/],
  ['SecRule ARGS "x" "id:1,chain"\nSecRule ARGS "y" "skipAfter:A"', '2:19', /"skipAfter" belongs to the first rule/],
  ['SecAction "id:1,skipAfter:NOWHERE"', '1:27', /no marker and no rule "NOWHERE" follows/],
  ['SecMarker BACK\nSecAction "id:1,skipAfter:BACK"', '2:27', /no marker and no rule "BACK" follows/],
  ['SecAction "id:1,setvar:a"', '1:24', /setvar must be collection.name/],
  ['SecAction "id:1,setvar:args.a=1"', '1:24', /"args" is not a collection that setvar can write/],
  ['SecAction "id:1,setvar:tx.a=%{nope}"', '1:31', /unknown variable "nope"/],
  ['SecAction "id:1,initcol:tx=1"', '1:25', /"tx" is not a collection that initcol can open/],
  ['SecAction "id:1,ctl:nothing=1"', '1:21', /unknown ctl option "nothing"/],
  ['SecAction "id:1,ctl:ruleEngine=Maybe"', '1:32', /"Maybe" is not supported here/],
  ['SecAction "id:1,ctl:requestBodyProcessor=YAML"', '1:42', /"YAML" is not supported here/],
  ['SecRule XML "x" "id:1"', '1:9', /XML needs a selector: \/\* or \/\/@\*/],
  ['SecRule &XML "@gt 0" "id:1"', '1:10', /XML needs a selector/],
  ['SecRule ARGS|XML:/a/b[1] "x" "id:1"', '1:22', /this predicate of XPath is not supported/],
  ["SecRule XML:'//a/..' x id:1", '1:18', /this part of XPath is not supported/],
  ['SecAction "id:1,ctl:ruleRemoveTargetById=1;XML://b"', '1:48', /of XML only \/\* and \/\/@\* can be left out/],
  ['SecParseXmlIntoArgs Maybe', '1:21', /must be one of on, off, onlyargs/],
  ['SecAction "id:1,ctl:ruleRemoveById=abc"', '1:36', /"abc" is neither an id nor a range/],
  ['SecAction "id:1,ctl:ruleRemoveById=9-1"', '1:36', /ends before it begins/],
  ['SecAction "id:1,ctl:ruleRemoveTargetById=1"', '1:42', /must be separated by ";"/],
  ['SecAction "id:1,ctl:ruleRemoveTargetById=1;NOWHERE:a"', '1:44', /unknown variable "NOWHERE"/],
  ['SecFrobnicate On', '1:1', /the directive SecFrobnicate is not supported/],
  ['SecRuleEngine', '1:1', /SecRuleEngine lacks an argument/],
  ['SecRuleEngine Maybe', '1:15', /"Maybe" is not supported here; it must be one of on, off, detectiononly/],
  ['SecRuleEngine On Off', '1:18', /takes at most 1 argument/],
  ['SecRequestBodyLimit lots', '1:21', /a limit in bytes must be a whole number/],
  ['SecArgumentSeparator ab', '1:22', /must be one character/],
  ['SecUploadKeepFiles RelevantOnly', '1:20', /must be one of on, off/],
  ['SecIgnoreRuleCompilationErrors On', '1:32', /would be missing without a sign/],
  ['SecContentInjection On', '1:21', /passed on as the origin wrote them/],
  ['SecDataset a `\n#\n`', '1:15', /the SecDataset "a" is empty/],
  ['SecDataset a `b`\nSecDataset a `c`', '2:12', /a SecDataset "a" already/],
  ['SecDataset a `b', '1:14', /unterminated quote: no closing `/],
  ['SecDataset a `\nb\\\nc`', '2:2', /cannot end in a backslash/],
  ['SecRule ARGS "@pmFromDataset none" "id:1"', '1:30', /no SecDataset before this rule has the name "none"/],
  ['SecRuleEngine `On`', '1:15', /is not supported here/],
  ['SecAuditLogPrefix x', '1:1', /one JSON object a line/],
  ['SecAction "id:1,ctl:hashEngine=On"', '1:21', /unknown ctl option "hashEngine": links in responses are not signed/],
  ['SecAction "id:1,ctl:debugLogLevel=x"', '1:35', /debugLogLevel must be a whole number/],
  ['SecUnicodeMapFile unicode.mapping 1252', '1:19', /cannot be read/],
  ['SecDefaultAction "log,deny"', '1:19', /lacks a phase/],
  ['SecDefaultAction "phase:1,log"', '1:19', /lacks a disruptive action/],
  ['SecDefaultAction "phase:1,block"', '1:19', /would refer to itself/],
  ['SecDefaultAction "phase:1,pass,id:1"', '1:32', /"id" has no meaning in SecDefaultAction/],
  ['SecDefaultAction "phase:1,pass,ver:x"', '1:32', /"ver" has no meaning in SecDefaultAction/],
  ['SecDefaultAction "phase:1,pass,skip:1"', '1:32', /"skip" has no meaning in SecDefaultAction/],
  ['SecDefaultAction "phase:1,pass,chain"', '1:32', /"chain" has no meaning in SecDefaultAction/],
  ['SecRuleRemoveById x', '1:19', /"x" is neither an id nor a range/],
  ['SecRuleUpdateTargetById 1 "!NOWHERE"', '1:29', /unknown variable "NOWHERE"/],
  ['SecRuleUpdateActionById 1 "id:2"', '1:28', /"id" of a rule cannot be changed/],
  ['SecRuleUpdateActionById x "pass"', '1:25', /"x" is not an id/],
  ['SecRule ARGS "@eq" "id:1"', '1:16', /"@eq" lacks its argument/],
  ['SecRule ARGS "@rx " "id:1"', '1:16', /"@rx" lacks its argument/],
  ['SecRule ARGS "@within" "id:1"', '1:16', /"@within" lacks its argument/],
  ['SecRule ARGS "@validateByteRange " "id:1"', '1:16', /"@validateByteRange" lacks its argument/],
  ['SecRule ARGS "@validateByteRange 0-256" "id:1"', '1:34', /./],
  ['SecRule ARGS "@validateByteRange 9-1" "id:1"', '1:34', /./],
  ['SecRule ARGS "@ipMatch 10.0.0.0/33" "id:1"', '1:24', /./],
  ['SecRule ARGS "@ipMatch ::1/129" "id:1"', '1:24', /./],
  ['SecRule ARGS "@ipMatch 10.0.0.1,,10.0.0.2" "id:1"', '1:24', /not an address or network/],
  ['SecRule ARGS "@ipMatch shop.example" "id:1"', '1:24', /not an address or network/],
  ['SecRule ARGS "@streq %{tx.a" "id:1"', '1:22', /this macro has no closing brace/],
  ['SecRule ARGS "@rx a{2,1}" "id:1"', '1:19', /not a valid pattern/],
  ['SecRule ARGS "@rx [[:foo:]]" "id:1"', '1:20', /no POSIX class/],
  ['SecRule ARGS "@rx [z-a]" "id:1"', '1:20', /out of order/],
  ['SecRule ARGS "@rx *a" "id:1"', '1:19', /nothing to repeat/],
  ['SecRule ARGS "@rx (a)\\2" "id:1"', '1:22', /back reference/],
  ['SecRule ARGS "@rx (?C1)a" "id:1"', '1:19', /not supported/],
  [`SecRule ARGS "@rx ${'a'.repeat(200_000)}" "id:1"`, '1:19', /not a valid pattern: it is too large/],
  ['SecRule ARGS "@pmFromFile marked.data" "id:1"', '1:27', /"marked.data" begins with a byte order mark/],
  ['SecRule ARGS "@pmFromFile wide.data" "id:1"', '1:27', /"wide.data" has NUL bytes/],
  ['SecRule ARGS "@ipMatchFromFile names.data" "id:1"', '1:32', /not an address or network/],
  ['SecRule ARGS "x" "id:007"', '1:22', /id must be a whole number/],
  ['SecRule ARGS "x" "id:99999999999999999999"', '1:22', /id must be a whole number/],
  ['SecRule ARGS "x" "id:+5"', '1:22', /id must be a whole number/],
  ['SecRule ARGS "x" "id:1.5"', '1:22', /id must be a whole number/],
  ['SecRule ARGS "x" "id:1,phase:first"', '1:30', /phase must be a whole number/],
  ['SecRule ARGS "x" "id:1,status:-403"', '1:31', /status must be/],
  ['SecRule ARGS "x" "id:1,maturity:10"', '1:33', /maturity must be/],
  ['SecRule ARGS "x" "id:1,accuracy:-1"', '1:33', /accuracy must be/],
  ['SecRule ARGS "x" "id:1,skip:0"', '1:29', /skip must be/],
  ['SecRule ARGS "x" "id:1,skipAfter:\'\'"', '1:35', /no marker/],
  ['SecRule ARGS "x" "id:1,redirect:\'\'"', '1:34', /needs a place/],
  ['SecRule ARGS "x" "id:1,setvar:\'!tx.a=1\'"', '1:32', /setvar must be/],
  ['SecRule ARGS "x" "id:1,setvar:\'tx.a=%{tx.b\'"', '1:37', /no closing brace/],
  ['SecRule ARGS "x" "id:1,msg:\'a %{tx.b\'"', '1:31', /no closing brace/],
  ['SecRule ARGS "x" "id:1,expirevar:\'ip.a=soon\'"', '1:35', /number of seconds/],
  ['SecRule ARGS "x" "id:1,setuid:\'\'"', '1:32', /setuid needs a key/],
  ['SecRule ARGS "x" "id:1,sanitiseArg:\'\'"', '1:37', /sanitiseArg needs a name/],
  ['SecRule ARGS "x" "id:1,sanitiseMatchedBytes:1-4"', '1:45', /as 1\/4, or nothing/],
  ['SecAction "id:1,ctl:auditLogParts=+Q"', '1:35', /letters from A to K/],
  ['SecAction "id:1,ctl:ruleRemoveByTag=(a"', '1:37', /no closing parenthesis/],
  ['SecAction "id:1,ctl:requestBodyLimit=-1"', '1:38', /must be a whole number/],
  ['SecResponseBodyMimeType text/plain,text/html', '1:25', /is not a media type/],
  ['SecResponseBodyMimeType html', '1:25', /is not a media type/],
  ['SecAuditLogRelevantStatus ""', '1:28', /the pattern is empty/],
  ['SecAuditLogRelevantStatus "("', '1:28', /no closing parenthesis/],
  ['SecAuditLogParts ABQ', '1:18', /letters from A to K/],
  ['SecAuditLogType Daily', '1:17', /"Daily" is not supported here/],
  ['SecAuditLogFileMode rw', '1:21', /not a mode/],
  ['SecAuditLogDirMode 0999', '1:20', /not a mode/],
  ['SecUploadFileMode rwx', '1:19', /not a mode/],
  ['SecDebugLogLevel 10', '1:18', /from 0 to 9/],
  ['SecPcreMatchLimit -1', '1:19', /must be a whole number/],
  ['SecPcreMatchLimitRecursion deep', '1:28', /must be a whole number/],
  ['SecRequestBodyInMemoryLimit 128k', '1:29', /must be a whole number/],
  ['SecRequestBodyJsonDepthLimit 0', '1:30', /must be a whole number/],
  ['SecRuleRemoveByTag "("', '1:21', /no closing parenthesis/],
  ['SecRuleUpdateTargetByTag "(" "!ARGS"', '1:27', /no closing parenthesis/],
  ['Include none/*.conf', '1:9', /no file matches/],
  ['Include none.conf', '1:9', /none.conf/],
]

const dataFiles = {
  '/rules/marked.data': '\xef\xbb\xbfphrase\n',
  '/rules/wide.data': 'p\0h\0r\0a\0s\0e\0\n\0',
  '/rules/names.data': '10.0.0.1\nshop.example\n',
}

t.test('every kind of problem is refused with its place', async (t) => {
  let count = 0
  for (const [rules, place, message] of cases) {
    const [problem, ...more] = await problemsOf(rules, dataFiles)
    const { line, column } = problem?.location ?? {}
    t.equal(`${line}:${column}`, place, rules)
    t.match(problem?.message, message, rules)
    t.same(more, [], `${rules}: one problem`)
    count++
  }
  t.equal(count, 138)
})

t.test('what loads but can never match is a warning, said once', async (t) => {
  const rules = 'SecRule REMOTE_ADDR "@rbl a.example" "id:1"\nSecRule ARGS "@GeoLookup" "id:2"\n'
  const { warnings, ruleCount } = await load(`${rules}SecRule REMOTE_HOST "@rbl b.example" "id:3"\n`)
  t.equal(ruleCount, 3)
  t.match(warnings, [
    { location: { line: 1, column: 23 }, message: /^@rbl never matches: /, sourceLine: /a\.example/ },
    { location: { line: 2, column: 16 }, message: /^@geoLookup never matches: / },
  ])
  t.equal(warnings.length, 2)
  t.same((await load('SecRule ARGS "@rx a" "id:1"')).warnings, [])
})

t.test('what has no effect where it stands is a warning, too', async (t) => {
  const open = await load('SecAction "id:1"\nSecRule ARGS "x" "id:2,chain"\nSecRule ARGS "y" "chain"')
  t.equal(open.ruleCount, 2)
  t.match(open.warnings, [
    { location: { line: 3, column: 19 }, message: /this chain is not continued: it never matches/ },
  ])
  const kept = await load(
    'SecUploadKeepFiles On\nSecTmpSaveUploadedFiles On\nSecConnEngine Off\nSecAction "id:1,ctl:debugLogLevel=9"',
  )
  t.match(kept.warnings, [{ message: /uploaded files are not kept/ }, { message: /needs no file/ }])
  t.equal(kept.warnings.length, 2)
  const named = await load('SecRule ARGS "x" "id:1,chain"\nSecRule ARGS "y" "id:2"')
  t.match(named.warnings, [{ location: { line: 2, column: 19 }, message: /the id of a chained rule names nothing/ }])
})

t.test('all problems of all files come at once, each with its source line', async (t) => {
  const problems = await problemsOf('Include a.conf\nSecRule NOWHERE "@no x" "id:1,foo,t:bar"\n', {
    '/rules/a.conf': 'SecRuleEngine Perhaps\n',
  })
  t.same(
    problems.map(({ location, sourceLine }) => [location.file, location.line, sourceLine]),
    [
      ['/rules/a.conf', 1, 'SecRuleEngine Perhaps'],
      ...Array(4).fill(['/rules/test.conf', 2, 'SecRule NOWHERE "@no x" "id:1,foo,t:bar"']),
    ],
  )
})

t.test('a rule that was left out for its syntax brings no further complaints', async (t) => {
  const problems = await problemsOf('SecRule ARGS| "x" "id:1,chain"\nSecRule ARGS "y" "t:none"\n')
  t.equal(problems.length, 1)
})

t.test('a file that does not exist is its own error', async (t) => {
  await t.rejects(load('', { files: ['/none.conf'] }), { code: 'ACME_EDGE_RULES_UNREADABLE' })
})

t.test('files that include each other end in a problem', async (t) => {
  const problems = await problemsOf('Include a.conf', { '/rules/a.conf': 'Include a.conf' })
  t.match(problems, [{ message: 'files include each other without end' }])
})

async function problemsOf(rules: string, data: Record<string, string> = {}) {
  try {
    await load(rules, { data })
  } catch (error) {
    if (error instanceof EdgeError && error.code === 'ACME_EDGE_RULES_INVALID') return error.problems
    throw error
  }
  return []
}
