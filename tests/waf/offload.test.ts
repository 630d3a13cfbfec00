import { existsSync } from 'node:fs'
import t from 'tap'
import { expandRules } from '../../src/cli/test-files.ts'
import type { Offload, Reply } from '../../src/waf/offload.ts'
import { coreRuleSetFiles, coreRuleSetTests } from '../helpers/core-rule-set.ts'
import { coreRuleSetExchanges } from '../helpers/core-rule-set-requests.ts'
import { localOffload } from '../helpers/local-offload.ts'
import { exchange, load } from '../helpers/rule-engine.ts'
import { isFullRun } from '../helpers/run-size.ts'
import { loadPair, pairOf } from '../helpers/screening-pair.ts'

t.setTimeout(1_200_000)

const long = 'x'.repeat(2_000)
const slow = 'SecRule ARGS "@rx ^x+y" "id:7,phase:1,deny"'
const replying = (reply: Reply): Offload => ({ ask: async () => reply })

/** Rules and a request whose values are all looked at elsewhere; the same must come of it. */
const cases = {
  'effects of each value, in order': {
    rules: `SecRule ARGS "@rx (b)" "id:1,phase:1,pass,capture,setvar:tx.n=+1,setvar:'tx.list=%{tx.list},%{MATCHED_VAR_NAME}%{tx.1}',msg:'%{tx.list}'"`,
    target: '/?a=b&c=d&e=abc',
  },
  'a chain that asks about what its beginning captured': {
    rules: `SecRule ARGS:a "@rx ^(.)" "id:1,phase:1,deny,capture,chain,logdata:'%{tx.0}'"\nSecRule ARGS:b "@streq %{tx.1}" "setvar:tx.hit=1"`,
    target: '/?a=question&b=q',
  },
  'a negated operator shows what it saw': {
    rules: `SecRule ARGS "!@rx ^[a-z]+$" "id:1,phase:1,pass,t:urlDecodeUni,t:lowercase,log,logdata:'%{MATCHED_VAR}'"`,
    target: '/?a=GOOD&b=B%2541D1',
  },
  'each step of multiMatch': {
    rules: `SecRule ARGS "@contains a" "id:1,phase:1,pass,multiMatch,t:urlDecodeUni,t:lowercase,setvar:tx.n=+1,logdata:'%{MATCHED_VAR} %{tx.n}'"`,
    target: '/?a=%2541A',
  },
  'lists, detectors and paths': {
    rules: `SecRule ARGS "@pmFromFile words.data" "id:1,phase:1,pass,capture,logdata:'%{tx.0}'"
SecRule ARGS "@detectSQLi" "id:2,phase:1,pass,capture,logdata:'%{tx.0}'"
SecRule REQUEST_URI "@restpath /a/{id}" "id:3,phase:1,pass,logdata:'%{ARGS_PATH.id}'"
SecRule ARGS "@within one two %{ARGS.b}" "id:4,phase:1,pass"`,
    target: "/a/17?a=1'+or+1=1--+&b=Word",
  },
}

t.test('what is asked elsewhere comes to the same', async (t) => {
  for (const [name, { rules, target }] of Object.entries(cases)) {
    const offload = localOffload()
    const pair = await pairOf(rules, { data: { '/rules/words.data': 'word\n' }, offload })
    const { screened, plain, matched } = await pair.compare({ target })
    t.equal(screened, plain, name)
    t.ok(matched.length > 0, `${name}: something matches`)
    t.ok(offload.asked() > 0, `${name}: ${offload.asked()} questions`)
  }
})

const skip = existsSync(coreRuleSetTests) ? false : 'the Core Rule Set is not beside this repository'

t.test('the Core Rule Set comes to the same, whatever is asked elsewhere', { skip }, async (t) => {
  const offload = localOffload()
  const pair = await loadPair({ files: expandRules(coreRuleSetFiles), offload })
  const all = await coreRuleSetExchanges()
  const chosen = all.filter(
    ({ request }, index) => isFullRun || index % 40 === 0 || (request.body?.length ?? 0) > 1_000,
  )
  let matches = 0
  for (const { name, request, response } of chosen) {
    const { screened, plain, matched } = await pair.compare(request, response)
    if (screened !== plain) t.equal(screened, plain, name)
    matches += matched.length
  }
  t.comment(`${chosen.length} exchanges, ${matches} matches, ${offload.asked()} questions`)
  t.ok(chosen.length > 100 && matches > 500 && offload.asked() > 1_000)
})

t.test('short values are looked at here', async (t) => {
  const offload = localOffload()
  const ruleSet = await load(slow, { offload })
  t.match(await exchange(ruleSet, { target: '/?a=xy' }), { verdict: { kind: 'block' } })
  t.equal(offload.asked(), 0)
  t.match(await exchange(ruleSet, { target: `/?a=${long}y` }), { verdict: { kind: 'block', ruleId: 7 } })
  t.equal(offload.asked(), 1)
})

t.test('no answer: the request fails closed and the rule is named', async (t) => {
  for (const reply of [
    { kind: 'busy' },
    { kind: 'out of time' },
    { kind: 'failed', reason: 'the reason' },
  ] as const satisfies readonly Reply[]) {
    const ruleSet = await load(slow, { offload: replying(reply) })
    const outcome = await exchange(ruleSet, { target: `/?a=${long}` })
    t.match(outcome.verdict, { kind: 'failed', ruleId: 7 }, reply.kind)
    t.match(outcome.lines, [/Rule processing failed\. \[id "7"\]/])
    const detecting = await load(slow, { offload: replying(reply), mode: 'detect' })
    const observed = await exchange(detecting, { target: `/?a=${long}` })
    t.match(observed.verdict, { kind: 'pass' }, `${reply.kind}, only detecting`)
    t.match(observed.lines, [/Rule processing failed\. \[id "7"\]/])
  }
})

t.test('what is computed elsewhere counts, all questions of a phase together', async (t) => {
  const answer = { kind: 'answered', answer: { isFound: false }, usedMs: 400 } as const
  const limits: number[] = []
  const offload: Offload = {
    async ask({ limitMs }) {
      limits.push(limitMs)
      return answer
    },
  }
  const rules = [1, 2, 3, 4].map((id) => `SecRule ARGS "@rx ^x+y" "id:${id},phase:1,deny"`).join('\n')
  const outcome = await exchange(await load(rules, { offload, elapsed: () => 0 }), { target: `/?a=${long}` })
  t.match(outcome.verdict, { kind: 'failed', reason: /longer than 1000 ms/, ruleId: 3 })
  t.strictSame(limits, [1_000, 600, 200])
})

t.test('a step that the rules have changed runs here', async (t) => {
  const offload = localOffload()
  const rules = `SecUnicodeMapFile map.data 20127\nSecRule ARGS "@rx ^z+$" "id:1,phase:1,deny,t:none,t:urlDecodeUni"`
  const data = { '/rules/map.data': '20127 (US-ASCII)\n0100:7a\n' }
  const outcome = await exchange(await load(rules, { offload, data }), { target: `/?a=${'%25u0100'.repeat(400)}` })
  t.match(outcome.verdict, { kind: 'block', ruleId: 1 })
  t.equal(offload.asked(), 0)
  const longer = await exchange(await load(rules, { offload, data }), { target: `/?a=${'%25u0100'.repeat(1_200)}` })
  t.match(longer.verdict, { kind: 'block', ruleId: 1 })
  t.equal(offload.asked(), 1)
})

t.test('one rule with many values gives way between them', async (t) => {
  let at = 0
  const ruleSet = await load(
    'SecRule ARGS "@rx ^x+y" "id:5,phase:1,pass,nolog,setvar:tx.n=+1"\nSecRule TX:n "@eq 30" "id:6,phase:1,deny"',
    {
      elapsed: () => (at += 6),
      budget: { sliceMs: 10, phaseMs: 100_000 },
    },
  )
  let turns = 0
  const turn = () => {
    turns++
    immediate = setImmediate(turn)
  }
  let immediate = setImmediate(turn)
  const target = `/?${Array.from({ length: 30 }, (_, i) => `a${i}=${'x'.repeat(900)}y`).join('&')}`
  const outcome = await exchange(ruleSet, { target })
  clearImmediate(immediate)
  t.match(outcome.verdict, { kind: 'block', ruleId: 6 })
  t.ok(turns > 10, `${turns} turns`)
})
