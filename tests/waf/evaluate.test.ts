import t from 'tap'
import { begin, exchange, load, run } from '../helpers/rule-engine.ts'

/** A clock that goes on by a step each time it is read. */
function steppingClock(stepMs: number): () => number {
  let at = 0
  return () => (at += stepMs)
}

const manyRules = Array.from({ length: 400 }, (_, i) => `SecRule ARGS "@rx x" "id:${i + 1},phase:1,pass,nolog"`).join(
  '\n',
)

t.test('the common case is synchronous', async (t) => {
  const verdict = begin(await load(manyRules)).requestHeaders()
  t.same(verdict, { kind: 'pass' })
})

t.test('past its slice a phase suspends, and goes on with the rule where it stopped', async (t) => {
  const ruleSet = await load(`${manyRules}\nSecAction "id:1000,phase:1,deny"`, {
    elapsed: steppingClock(3),
    budget: { sliceMs: 10 },
  })
  const verdict = begin(ruleSet, { target: '/?a=x' }).requestHeaders()
  t.type(verdict, Promise)
  t.match(await verdict, { kind: 'block', ruleId: 1000 })
})

t.test('past its budget a phase fails closed and names the rule', async (t) => {
  const options = { elapsed: steppingClock(100), budget: { sliceMs: 10, phaseMs: 1000 } }
  const outcome = await exchange(await load(manyRules, options), { target: '/?a=x' })
  t.match(outcome.verdict, { kind: 'failed', reason: /longer than 1000 ms/, ruleId: Number })
  t.match(outcome.lines[0], /ModSecurity: Rule processing failed\. \[id "\d+"\]/)
})

t.test('one rule with thousands of values is stopped, too', async (t) => {
  const ruleSet = await load('SecRule ARGS "@rx x" "id:5,phase:1,pass,nolog"', { elapsed: steppingClock(100) })
  const verdict = await begin(ruleSet, {
    target: `/?${Array.from({ length: 2000 }, (_, i) => `a=${i}`).join('&')}`,
  }).requestHeaders()
  t.match(verdict, { kind: 'failed', ruleId: 5 })
})

t.test('in detect mode nothing interrupts, not even a failure, and all is recorded', async (t) => {
  const slow = await load(manyRules, { mode: 'detect', elapsed: steppingClock(100) })
  const failed = await exchange(slow, { target: '/?a=x' })
  t.match(failed.verdict, { kind: 'pass' })
  t.match(failed.lines[0], /Rule processing failed/)
  const rules = 'SecRuleEngine On\nSecAction "id:1,phase:1,pass,nolog,ctl:ruleEngine=On"\nSecAction "id:2,phase:1,deny"'
  const detecting = await load(rules, { mode: 'detect' })
  t.match(await exchange(detecting), { verdict: { kind: 'pass' }, logged: [2] })
  t.equal(begin(detecting).mayBlock, false)
})

t.test('mayBlock tells whether bodies need to be held', async (t) => {
  t.equal(begin(await load('SecRuleEngine On')).mayBlock, true)
  t.equal(begin(await load('SecRuleEngine DetectionOnly')).mayBlock, false)
  const raising = 'SecRuleEngine DetectionOnly\nSecRule ARGS:x "1" "id:1,phase:1,pass,ctl:ruleEngine=On"'
  t.equal(begin(await load(raising)).mayBlock, true)
})

t.test('mode off looks at nothing', async (t) => {
  const ruleSet = await load('SecAction "id:1,phase:1,deny"', { mode: 'off' })
  t.match(await exchange(ruleSet), { verdict: { kind: 'pass' }, logged: [], matched: [], audit: undefined })
  t.match(begin(ruleSet).requestBodyPlan(), { kind: 'stream' })
})

t.test('an error inside a rule fails closed', async (t) => {
  const { verdict } = await run(
    `SecAction "id:1,phase:1,pass,nolog,setvar:'tx.p=('"\nSecRule ARGS:a "@rx %{tx.p}" "id:2,phase:1,pass"`,
    { target: '/?a=x' },
  )
  t.match(verdict, { kind: 'failed', ruleId: 2 })
})

t.test('the limit for what is not a file holds for multipart, too', async (t) => {
  const body = `--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${'x'.repeat(2000)}\r\n--b--\r\n`
  const request = { method: 'POST', headers: ['Content-Type', 'multipart/form-data; boundary=b'], body }
  t.match((await run('SecRequestBodyNoFilesLimit 1000', request)).verdict, { kind: 'block', status: 413 })
  t.match((await run('SecRequestBodyNoFilesLimit 3000', request)).verdict, { kind: 'pass' })
})

t.test('with ProcessPartial the beginning of a longer body is inspected, and INBOUND_DATA_ERROR says so', async (t) => {
  const rules = `SecRequestBodyLimit 10\nSecRequestBodyLimitAction ProcessPartial
    SecRule INBOUND_DATA_ERROR "@eq 1" "id:1,phase:2,pass"
    SecRule ARGS:a "@rx evil" "id:2,phase:2,deny"`
  const headers = ['Content-Type', 'application/x-www-form-urlencoded']
  t.match(await run(rules, { headers, body: 'a=evil&b=123456789' }), {
    verdict: { kind: 'block', ruleId: 2 },
    logged: [1, 2],
  })
  t.match(await run(rules, { headers, body: 'a=b' }), { verdict: { kind: 'pass' }, logged: [] })
})
