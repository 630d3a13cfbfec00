import t from 'tap'
import { begin, exchange, load, run } from '../helpers/rule-engine.ts'

const PASS = { kind: 'pass' }
const form = ['Host', 'a', 'Content-Type', 'application/x-www-form-urlencoded']

t.test('setvar runs for each value that matches, before the chain is decided', async (t) => {
  const { trace } = await run(
    `SecRule ARGS "@rx x" "id:1,phase:1,pass,nolog,setvar:tx.n=+1,chain"
       SecRule REQUEST_METHOD "@streq NEVER" ""
     SecRule TX:n "@eq 2" "id:2,phase:1,pass"`,
    { target: '/?a=x&b=y&c=x' },
  )
  t.match(trace.at(-1), { variable: 'TX:n', value: '2', matched: true })
})

t.test('ctl runs only when the whole chain has matched', async (t) => {
  const rules = (last: string) => `
    SecRule ARGS:a "@rx ." "id:1,phase:1,pass,nolog,ctl:ruleRemoveById=2,chain"
      SecRule REQUEST_METHOD "@streq ${last}" ""
    SecAction "id:2,phase:1,deny"`
  t.match((await run(rules('POST'), { target: '/?a=1' })).verdict, { kind: 'block', ruleId: 2 })
  t.match((await run(rules('GET'), { target: '/?a=1' })).verdict, PASS)
})

t.test('a chained rule runs once, after all values of the one before; TX.0 is then the last match', async (t) => {
  const { trace } = await run(
    `SecRule ARGS "@rx ^v\\d" "id:1,phase:1,pass,capture,chain"
       SecRule TX:0 "@rx ." ""`,
    { target: '/?a=v1&b=v2&c=w' },
  )
  t.same(
    trace.filter(({ variable }) => variable === 'TX:0').map(({ value }) => value),
    ['v2'],
  )
})

t.test('MATCHED_VARS of a chained rule holds all that matched; MATCHED_VAR the last', async (t) => {
  const { trace } = await run(
    `SecRule ARGS "@rx ^v" "id:1,phase:1,pass,chain"
       SecRule MATCHED_VARS|MATCHED_VAR|MATCHED_VAR_NAME|MATCHED_VARS_NAMES "@rx ^$" ""`,
    { target: '/?A=v1&b=v2&c=w' },
  )
  t.same(
    trace.slice(3).map(({ variable, value }) => `${variable}=${value}`),
    [
      'MATCHED_VARS:ARGS:A=v1',
      'MATCHED_VARS:ARGS:b=v2',
      'MATCHED_VAR=v2',
      'MATCHED_VAR_NAME=ARGS:b',
      'MATCHED_VARS_NAMES:ARGS:A=ARGS:A',
      'MATCHED_VARS_NAMES:ARGS:b=ARGS:b',
    ],
  )
})

t.test('msg and logdata are expanded after the whole chain', async (t) => {
  const { lines } = await run(
    `SecRule ARGS:a "@rx ." "id:1,phase:1,pass,log,msg:'saw %{tx.late}',logdata:'%{MATCHED_VAR}',chain"
       SecRule ARGS:b "@rx ." "setvar:tx.late=%{MATCHED_VAR}"`,
    { target: '/?a=1&b=2' },
  )
  t.match(lines[0], /\[msg "saw 2"\] \[data "2"\]/)
})

t.test('TX names and pattern selectors compare without case, MATCHED_VAR_NAME keeps it', async (t) => {
  const { trace, lines } = await run(
    `SecAction "id:1,phase:1,pass,nolog,setvar:tx.Foo_Bar=1"
     SecRule TX:fOO_bar "@eq 1" "id:2,phase:1,pass,msg:'%{MATCHED_VAR_NAME} %{TX.FOO_BAR}'"
     SecRule TX:/^FOO_/ "@eq 1" "id:3,phase:1,pass"
     SecRule ARGS:/^id/ "@rx ." "id:4,phase:1,pass,msg:'%{MATCHED_VAR_NAME}'"`,
    { target: '/?ID2=7' },
  )
  t.equal(trace.filter(({ matched }) => matched).length, 3)
  t.match(lines[0], /\[msg "TX:Foo_Bar 1"\]/)
  t.match(lines[2], /\[msg "ARGS:ID2"\]/)
})

t.test('a missing macro expands to nothing, numbers are read like atoll', async (t) => {
  const { lines, logged } = await run(
    `SecAction "id:1,phase:1,pass,log,msg:'[%{tx.none}]',setvar:tx.a=12abc,setvar:tx.a=+3x,setvar:tx.b=+%{tx.none},setvar:tx.c=-2"
     SecRule TX:a "@eq 15" "id:2,phase:1,pass"
     SecRule TX:b "@eq 0" "id:3,phase:1,pass"
     SecRule TX:c "@eq -2" "id:4,phase:1,pass"
     SecRule TX:d "@eq 0" "id:5,phase:1,pass"`,
  )
  t.match(lines[0], /\[msg "\[\\\]"\]/)
  t.same(logged, [1, 2, 3, 4])
})

t.test('an empty @within is true, &X always has one value, a negated operator needs a value', async (t) => {
  const { logged } = await run(
    `SecRule ARGS:empty "@within abc" "id:1,phase:1,pass"
     SecRule &ARGS:nothing "@eq 0" "id:2,phase:1,pass"
     SecRule ARGS:nothing "!@rx x" "id:3,phase:1,pass"
     SecRule ARGS:empty "!@rx x" "id:4,phase:1,pass"
     SecRule &ARGS "@eq 2" "id:5,phase:1,pass"`,
    { target: '/?empty=&other=1' },
  )
  t.same(logged, [1, 2, 4, 5])
})

t.test('setvar: one, text, sum, difference, removal, names made of macros', async (t) => {
  const { trace } = await run(
    `SecAction "id:1,phase:1,pass,nolog,setvar:tx.one,setvar:tx.gone=1,setvar:!tx.gone,setvar:'tx.t=a b',setvar:tx.n_%{REQUEST_METHOD}=5,setvar:'tx.x=%{tx.n_get}/%{tx.t}'"
     SecRule TX "@rx ^$" "id:2,phase:1,pass"`,
  )
  t.same(
    trace.map(({ variable, value }) => `${variable}=${value}`),
    ['TX:one=1', 'TX:t=a b', 'TX:n_GET=5', 'TX:x=5/a b'],
  )
})

t.test('skipAfter goes to a marker in every phase, or behind a rule; skip counts chains as one', async (t) => {
  const { logged } = await run(
    `SecRule ARGS:a "@rx ." "id:1,phase:1,pass,skipAfter:HERE"
     SecAction "id:2,phase:1,pass"
     SecAction "id:3,phase:2,pass,skipAfter:HERE"
     SecAction "id:4,phase:2,pass"
     SecMarker HERE
     SecAction "id:5,phase:1,pass,skip:1"
     SecRule ARGS:a "@rx ." "id:6,phase:1,pass,chain"
       SecRule ARGS:a "@rx ." ""
     SecAction "id:7,phase:1,pass,skipAfter:9"
     SecAction "id:8,phase:1,pass"
     SecAction "id:9,phase:1,pass"
     SecAction "id:10,phase:1,pass"
     SecAction "id:11,phase:2,pass"`,
    { target: '/?a=1' },
  )
  t.same(logged, [1, 5, 7, 10, 3, 11])
})

t.test('t:none forgets what came before, SecDefaultAction included; chained rules inherit nothing', async (t) => {
  const { trace } = await run(
    `SecDefaultAction "phase:1,log,pass,t:lowercase"
     SecRule ARGS:a "@rx X" "id:1,phase:1"
     SecRule ARGS:a "@rx X" "id:2,phase:1,t:none"
     SecRule ARGS:a "@rx x" "id:3,phase:1,t:removeWhitespace,chain"
       SecRule ARGS:a "@rx X" ""
     SecRule ARGS:a "@rx x" "id:4,phase:1,t:removeWhitespace,t:none,t:uppercase"`,
    { target: '/?a=X+y' },
  )
  t.same(
    trace.map(({ value, matched }) => `${value} ${matched}`),
    ['x y false', 'X y true', 'xy true', 'X y true', 'X Y false'],
  )
})

t.test('multiMatch tests the value and each step that changes it', async (t) => {
  const { trace } = await run(
    `SecRule ARGS:a "@rx (?i)x" "id:1,phase:1,pass,multiMatch,t:lowercase,t:lowercase,t:removeWhitespace,setvar:tx.n=+1"
     SecRule TX:n "@eq 3" "id:2,phase:1,pass"`,
    { target: '/?a=X+y' },
  )
  t.same(
    trace.map(({ value }) => value),
    ['X y', 'x y', 'xy', '3'],
  )
})

t.test('block does what SecDefaultAction says; status and log are inherited', async (t) => {
  const rules = (actions: string) => `SecDefaultAction "phase:1,nolog,auditlog,deny,status:404"
    SecAction "id:1,phase:1,${actions}"`
  t.match((await run(rules('block'))).verdict, { kind: 'block', status: 404 })
  t.match((await run(rules('block,status:410'))).verdict, { kind: 'block', status: 410 })
  t.match((await run(rules('nolog'))).verdict, { kind: 'block', status: 404 })
  t.match((await run(rules('pass'))).verdict, PASS)
  t.same((await run(rules('pass'))).logged, [])
  t.same((await run(rules('pass,log'))).logged, [1])
})

t.test('SecDefaultAction holds for the rules after it, by phase; without one block lets pass', async (t) => {
  t.match((await run('SecAction "id:1,phase:1,block"')).verdict, PASS)
  const later = `SecAction "id:1,phase:1,block"\nSecDefaultAction "phase:1,deny"\nSecAction "id:2,phase:2,block"`
  t.match((await run(later)).verdict, PASS)
})

t.test('REQUEST_BODY is there for forms and where it is forced, not for multipart and JSON', async (t) => {
  const rules = (first: string) => `${first}\nSecRule REQUEST_BODY "@rx ." "id:1,phase:2,deny"`
  const json = ['Host', 'a', 'Content-Type', 'application/json']
  const set = (ctl: string) => rules(`SecAction "id:9,phase:1,pass,nolog,ctl:${ctl}"`)
  t.match((await run(rules(''), { headers: form, body: 'a=1' })).verdict, { kind: 'block' })
  t.match((await run(rules(''), { headers: json, body: '{}' })).verdict, PASS)
  t.match((await run(set('requestBodyProcessor=JSON'), { headers: json, body: '{}' })).verdict, PASS)
  t.match((await run(set('forceRequestBodyVariable=On'), { headers: json, body: '{}' })).verdict, { kind: 'block' })
})

t.test('a body type without a parser streams; forms, multipart and forced bodies are held', async (t) => {
  const ruleSet = await load('SecRule REQUEST_HEADERS:X "json" "id:1,phase:1,pass,ctl:requestBodyProcessor=JSON"')
  const plan = async (...headers: string[]) => {
    const transaction = begin(ruleSet, { method: 'POST', headers })
    await transaction.requestHeaders()
    return transaction.requestBodyPlan()
  }
  t.match(await plan('Content-Type', 'application/octet-stream'), { kind: 'stream' })
  t.match(await plan('Content-Type', 'Application/X-WWW-form-urlencoded; charset=utf-8'), {
    kind: 'buffer',
    limitBytes: 1_048_576,
    beyond: 'reject',
  })
  t.match(await plan('Content-Type', 'multipart/form-data; boundary=x'), { kind: 'buffer', limitBytes: 13_107_200 })
  t.match(await plan('Content-Type', 'application/json'), { kind: 'stream' })
  t.match(await plan('X', 'json'), { kind: 'buffer' })
  t.match(await plan('Content-Type', 'text/plain', 'Content-Type', 'multipart/form-data; boundary=x'), {
    kind: 'buffer',
  })
})

t.test(
  'REQUEST_FILENAME and REQUEST_BASENAME are decoded once, REQUEST_URI_RAW and REQUEST_LINE not at all',
  async (t) => {
    const { trace } = await run(
      'SecRule REQUEST_FILENAME|REQUEST_BASENAME|REQUEST_URI_RAW|REQUEST_URI|REQUEST_LINE|QUERY_STRING "^$" "id:1,phase:1,pass"',
      { target: '/a%2562/..%2f%41+b?q=%41' },
    )
    t.same(
      trace.map(({ value }) => value),
      [
        '/a%62/../A+b',
        'A+b',
        '/a%2562/..%2f%41+b?q=%41',
        '/a%2562/..%2f%41+b?q=%41',
        'GET /a%2562/..%2f%41+b?q=%41 HTTP/1.1',
        'q=%41',
      ],
    )
  },
)

t.test('REQUEST_LINE shows the target as it was received, REQUEST_URI what a proxy has made of it', async (t) => {
  const { trace } = await run('SecRule REQUEST_LINE|REQUEST_URI "^$" "id:1,phase:1,pass"', {
    target: '/a',
    receivedTarget: 'http://shop.example/a',
  })
  t.same(
    trace.map(({ value }) => value),
    ['GET http://shop.example/a HTTP/1.1', '/a'],
  )
})

t.test('headers keep duplicates, order, case and underscores; selectors find them without case', async (t) => {
  const { trace } = await run('SecRule REQUEST_HEADERS:x_a "^$" "id:1,phase:1,pass"', {
    headers: ['X_A', '1', 'x-a', '2', 'x_a', '3'],
  })
  t.same(
    trace.map(({ variable, value }) => `${variable}=${value}`),
    ['REQUEST_HEADERS:X_A=1', 'REQUEST_HEADERS:x_a=3'],
  )
})

t.test('exclusions take members out of values and of counts', async (t) => {
  const { trace } = await run('SecRule ARGS|!ARGS:a|!ARGS:/^b/|ARGS_NAMES|&ARGS "^$" "id:1,phase:1,pass"', {
    target: '/?A=1&b2=2&c=3',
  })
  t.same(
    trace.map(({ variable, value }) => `${variable}=${value}`),
    ['ARGS:c=3', 'ARGS_NAMES:A=A', 'ARGS_NAMES:b2=b2', 'ARGS_NAMES:c=c', 'ARGS=1'],
  )
})

t.test('phase 5 always runs, logs and cannot interrupt', async (t) => {
  const rules = `SecAction "id:1,phase:1,deny"
    SecAction "id:2,phase:2,pass"
    SecRule RESPONSE_STATUS "@eq 403" "id:5,phase:5,deny"`
  const { verdict, logged } = await run(rules)
  t.match(verdict, { kind: 'block', ruleId: 1 })
  t.same(logged, [1, 5])
})

t.test('the response has its phases: status, headers and, where asked for, the body', async (t) => {
  const rules = `SecResponseBodyAccess On
    SecRule RESPONSE_STATUS "@eq 500" "id:1,phase:3,deny,status:502"
    SecRule RESPONSE_HEADERS:X-Leak "@rx ." "id:2,phase:3,deny"
    SecRule RESPONSE_BODY "secret" "id:3,phase:4,deny"`
  t.match((await run(rules, {}, { status: 500 })).verdict, { kind: 'block', ruleId: 1, status: 502 })
  t.match((await run(rules, {}, { headers: ['x-leak', '1'] })).verdict, { ruleId: 2 })
  t.match((await run(rules, {}, { body: 'a secret' })).verdict, { ruleId: 3 })
  const binary = { headers: ['Content-Type', 'image/png'], body: 'a secret' }
  t.match((await run(rules, {}, binary)).verdict, PASS)
  t.match((await run(rules.replace('SecResponseBodyAccess On', ''), {}, { body: 'a secret' })).verdict, PASS)
})

t.test('allow ends inspection for the phase, the request or all but phase 5', async (t) => {
  const rules = (allow: string) => `SecAction "id:1,phase:1,${allow}"
    SecAction "id:2,phase:1,pass"
    SecAction "id:3,phase:2,pass"
    SecAction "id:4,phase:3,pass"
    SecAction "id:5,phase:5,pass"`
  t.same((await run(rules('allow:phase'))).logged, [1, 3, 4, 5])
  t.same((await run(rules('allow:request'))).logged, [1, 4, 5])
  t.same((await run(rules('allow'))).logged, [1, 5])
})

t.test('DetectionOnly logs and does not interrupt; ctl:ruleEngine changes one transaction', async (t) => {
  const deny = 'SecAction "id:2,phase:1,deny"'
  const detecting = await run(`SecRuleEngine DetectionOnly\n${deny}`)
  t.match(detecting, { verdict: PASS, logged: [2] })
  t.match(detecting.lines[0], /ModSecurity: Warning\. Unconditional match in SecAction\./)
  t.match((await run(`SecAction "id:1,phase:1,pass,nolog,ctl:ruleEngine=Off"\n${deny}`)).logged, [])
  const raised = `SecRuleEngine DetectionOnly\nSecAction "id:1,phase:1,pass,nolog,ctl:ruleEngine=On"\n${deny}`
  t.match((await run(raised)).verdict, { kind: 'block' })
})

t.test('redirect and drop are verdicts; a redirect cannot carry a line break from the request', async (t) => {
  t.match((await run('SecAction "id:1,phase:1,drop"')).verdict, { kind: 'drop', ruleId: 1 })
  const { verdict } = await run(`SecAction "id:1,phase:1,status:301,redirect:'https://a/%{ARGS.x}'"`, {
    target: '/?x=%0d%0aSet-Cookie:+b',
  })
  t.match(verdict, { kind: 'redirect', status: 301, location: 'https://a/%0d%0aSet-Cookie:%20b' })
})

t.test('initcol opens a collection that later transactions find, until it expires', async (t) => {
  let now = 0
  const ruleSet = await load(
    `SecCollectionTimeout 60
     SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.n=+1"
     SecRule IP:n "@eq 1" "id:4,phase:1,pass,nolog,setvar:ip.short=1,expirevar:ip.short=5"
     SecRule IP:n "@gt 2" "id:2,phase:1,deny"
     SecRule &IP:short "@eq 0" "id:3,phase:1,deny"`,
    { now: () => now },
  )
  const ask = async (client: string) => (await exchange(ruleSet, { client })).verdict.kind
  t.same([await ask('192.0.2.1'), await ask('192.0.2.1'), await ask('192.0.2.1')], ['pass', 'pass', 'block'])
  t.equal(await ask('192.0.2.2'), 'pass')
  now = 6000
  t.equal(await ask('192.0.2.2'), 'block', 'the variable has expired, the collection has not')
  now = 67_000
  t.equal(await ask('192.0.2.1'), 'pass')
})

t.test('a chain that the end of all rules cuts off has the effects of its rules and never matches', async (t) => {
  const { verdict, logged } = await run(
    `SecRule TX:seen "@eq 1" "id:2,phase:2,pass"
     SecRule ARGS "@rx a" "id:1,phase:1,deny,setvar:tx.seen=1,chain"`,
    { target: '/?x=a' },
  )
  t.match({ verdict, logged }, { verdict: PASS, logged: [2] })
})

t.test('SecDefaultAction gives what a rule does not say: msg, logdata, severity, and its tags to all', async (t) => {
  const { lines } = await run(
    `SecDefaultAction "phase:1,deny,block,log,pass,msg:'common %{ARGS.x}',logdata:d,severity:2,tag:all"
     SecAction "id:1,phase:1,tag:own"
     SecAction "id:2,phase:1,msg:mine,severity:5"`,
    { target: '/?x=1' },
  )
  t.match(lines[0], /\[msg "common 1"\] \[data "d"\] \[severity "2"\].*\[tag "all"\] \[tag "own"\]/)
  t.match(lines[1], /\[msg "mine"\] \[data "d"\] \[severity "5"\].*\[tag "all"\] \[hostname/)
})

t.test('block beside another disruptive action of SecDefaultAction is that action', async (t) => {
  const { verdict } = await run('SecDefaultAction "phase:1,deny,block,status:405"\nSecAction "id:1,phase:1,block"')
  t.match(verdict, { kind: 'block', status: 405 })
})

t.test('macros select by name, by pattern, or the first of all; a % behind the brace belongs to it', async (t) => {
  const message = async (macro: string): Promise<string | undefined> => {
    const { lines } = await run(`SecAction "id:1,phase:1,pass,msg:'${macro}'"`, { target: '/?one=1&Two=2&three=3' })
    return /\[msg "(.*?)"\]/.exec(lines[0] ?? '')?.[1]
  }
  t.equal(await message('%{ARGS.two}'), '2')
  t.equal(await message('%{ARGS:/^t/}'), '2', 'the first that matches, compared without case')
  t.equal(await message('<%{ARGS:/none/}>'), '<>')
  t.equal(await message('%{ARGS}'), '1')
  t.equal(await message('%{ARGS.one}%'), '1')
  t.equal(await message('%{ARGS.one}%%{ARGS.two}'), '12')
  t.equal(await message('%{ARGS.one}%{ARGS.two}%.'), '12.')
  t.equal(await message('100%'), '100%')
})

t.test('MULTIPART_UNMATCHED_BOUNDARY tells what could be a boundary from what is most likely content', async (t) => {
  const headers = ['Content-Type', 'multipart/form-data; boundary=b']
  const body = (content: string) => `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${content}\r\n--b--\r\n`
  const value = async (content: string): Promise<string | undefined> => {
    const rules = 'SecRule MULTIPART_UNMATCHED_BOUNDARY "@unconditionalMatch" "id:1,phase:2,pass"'
    return (await run(rules, { method: 'POST', headers, body: body(content) })).trace[0]?.value
  }
  t.same([await value('x'), await value('--x'), await value('--B')], ['0', '2', '1'])
})

t.test('@restpath names parts of a path, which rules see as ARGS_PATH', async (t) => {
  const rules = `SecRule REQUEST_FILENAME "@restpath ^/users/{id}/posts/{post}$" "id:1,phase:1,pass,nolog"
    SecRule ARGS_PATH:id "!@rx ^[0-9]+$" "id:2,phase:1,deny"
    SecRule ARGS_PATH "@streq secret" "id:3,phase:1,deny"
    SecRule &ARGS_PATH "@eq 0" "id:4,phase:1,deny"`
  const ask = async (target: string) => (await exchange(await load(rules), { target })).verdict
  t.match(await ask('/users/7/posts/9?x=1'), PASS)
  t.match(await ask('/users/x/posts/9'), { ruleId: 2 })
  t.match(await ask('/users/7/posts/secret'), { ruleId: 3 })
  t.match(await ask('/users/7'), { ruleId: 4 })
})

t.test('a SecDataset is a list in the rule file itself', async (t) => {
  const rules = `SecDataset bad \`
  # a comment
  evil words
  Sleep(
\`
    SecDataset offices \`192.0.2.0/24\`
    SecRule ARGS "@pmFromDataset bad" "id:1,phase:1,pass"
    SecRule REMOTE_ADDR "@ipMatchFromDataset offices" "id:2,phase:1,pass"`
  t.same((await run(rules, { target: '/?a=sleep(1)' })).logged, [1, 2])
  t.same((await run(rules, { target: '/?a=x+evil+words', client: '198.51.100.1' })).logged, [1])
  t.same((await run(rules, { target: '/?a=comment&b=evil', client: '198.51.100.1' })).logged, [])
})

t.test('allow:phase ends with its phase: the bodies of the next ones are inspected', async (t) => {
  const rules = (action: string) => `SecResponseBodyAccess On
SecAction "id:2,phase:1,${action},nolog"
SecRule ARGS_POST:a "@streq evil" "id:3,phase:2,deny"
SecAction "id:4,phase:3,${action},nolog"
SecRule RESPONSE_BODY "@contains secret" "id:5,phase:4,deny"`
  const form = { method: 'POST', headers: ['Content-Type', 'application/x-www-form-urlencoded'] }
  const response = { body: 'a secret' }
  t.match((await run(rules('allow:phase'), { ...form, body: 'a=evil' }, response)).verdict, { ruleId: 3 })
  t.match((await run(rules('allow:phase'), { ...form, body: 'a=good' }, response)).verdict, { ruleId: 5 })
  t.match((await run(rules('allow'), { ...form, body: 'a=evil' }, response)).verdict, { kind: 'pass' })
})
