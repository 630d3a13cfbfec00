import t from 'tap'
import { begin, load, run } from '../helpers/rule-engine.ts'

const target = '/?a=evil&b=evil'
/** Three rules that match every argument with "evil"; `ctl` is said before them. */
function rules(ctl: string): string {
  return `SecAction "id:1,phase:1,pass,nolog,ctl:${ctl}"
    SecRule ARGS "@rx evil" "id:20,phase:1,pass,tag:'attack-x',tag:'other',msg:'First one'"
    SecRule ARGS:a|ARGS_NAMES "@rx evil|a" "id:21,phase:1,pass,tag:'attack-y'"
    SecRule REQUEST_URI "@rx evil" "id:30,phase:2,pass,msg:'Second one'"`
}

t.test('rules are taken out by id, range, tag and msg', async (t) => {
  const expected: Readonly<Record<string, number[]>> = {
    'ruleRemoveById=20': [21, 30],
    'ruleRemoveById=20-29': [30],
    'ruleRemoveById=20 30': [21],
    'ruleRemoveByTag=attack-x': [21, 30],
    'ruleRemoveByTag=attack': [30],
    'ruleRemoveByTag=^other$': [21, 30],
    'ruleRemoveByMsg=Second': [20, 21],
    'ruleRemoveById=999': [20, 21, 30],
  }
  for (const [ctl, ids] of Object.entries(expected)) {
    t.same((await run(rules(`'${ctl}'`), { target })).logged, ids, ctl)
  }
  t.equal(Object.keys(expected).length, 8)
})

t.test('targets are taken out of rules, one member, by pattern or the whole variable', async (t) => {
  const expected: Readonly<Record<string, string[]>> = {
    'ruleRemoveTargetById=20;ARGS:a': ['ARGS:b'],
    'ruleRemoveTargetById=20;ARGS:/[ab]/': [],
    'ruleRemoveTargetById=20;ARGS': [],
    'ruleRemoveTargetByTag=attack-x;ARGS:b': ['ARGS:a'],
    'ruleRemoveTargetByMsg=First;ARGS:b': ['ARGS:a'],
    'ruleRemoveTargetById=21;ARGS:a': ['ARGS:a', 'ARGS:b'],
  }
  for (const [ctl, variables] of Object.entries(expected)) {
    const { trace } = await run(rules(`'${ctl}'`), { target })
    t.same(
      trace.filter(({ ruleId }) => ruleId === 20).map(({ variable }) => variable),
      variables,
      ctl,
    )
  }
  t.equal(Object.keys(expected).length, 6)
})

t.test('what one transaction changes is not there for the next', async (t) => {
  const ruleSet =
    await load(`SecRule ARGS:off "@eq 1" "id:1,phase:1,pass,nolog,ctl:ruleRemoveById=2,ctl:requestBodyAccess=Off"
    SecAction "id:2,phase:1,deny"`)
  t.match(begin(ruleSet, { target: '/?off=1' }).requestHeaders(), { kind: 'pass' })
  t.match(begin(ruleSet).requestHeaders(), { kind: 'block', ruleId: 2 })
})

t.test('body access and limits can be changed in phase 1', async (t) => {
  const headers = ['Content-Type', 'application/x-www-form-urlencoded']
  const plan = async (ctl: string) => {
    const transaction = begin(await load(`SecAction "id:1,phase:1,pass,nolog,${ctl}"`), { headers })
    await transaction.requestHeaders()
    return transaction.requestBodyPlan()
  }
  t.match(await plan('ctl:requestBodyAccess=Off'), { kind: 'stream' })
  t.match(await plan('ctl:requestBodyLimit=5'), { kind: 'buffer', limitBytes: 5 })
})

t.test('SecRuleRemove… and SecRuleUpdate… hold wherever the rules stand', async (t) => {
  const expected: Readonly<Record<string, number[]>> = {
    'SecRuleRemoveById 20 21': [30],
    'SecRuleRemoveById 20-21': [30],
    'SecRuleRemoveByTag attack': [30],
    'SecRuleRemoveByMsg "Second one"': [20, 21],
    'SecRuleUpdateTargetById 20 "!ARGS"': [21, 30],
    'SecRuleUpdateTargetById 20 "!ARGS:a|!ARGS:/^b$/"': [21, 30],
    'SecRuleUpdateTargetByTag attack-y "!ARGS_NAMES,!ARGS"': [20, 30],
    'SecRuleUpdateTargetByMsg First "!ARGS"': [21, 30],
    'SecRuleUpdateActionById 20 "nolog"': [21, 30],
  }
  for (const [directive, ids] of Object.entries(expected)) {
    t.same((await run(`${directive}\n${rules('auditEngine=On')}`, { target })).logged, ids, `before: ${directive}`)
    t.same((await run(`${rules('auditEngine=On')}\n${directive}`, { target })).logged, ids, `after: ${directive}`)
  }
  t.equal(Object.keys(expected).length, 9)
})

t.test('SecRuleUpdateActionById changes what a rule does', async (t) => {
  const update = 'SecRuleUpdateActionById 20 "deny,status:410"'
  t.match((await run(`${rules('auditEngine=On')}\n${update}`, { target })).verdict, { kind: 'block', status: 410 })
})

t.test('SecRuleUpdateTargetById adds targets to the first rule of the chain', async (t) => {
  const { trace } = await run(
    `SecRule ARGS:none "x" "id:1,phase:1,pass"\nSecRuleUpdateTargetById 1 "REQUEST_METHOD|REQUEST_HEADERS:Host"`,
  )
  t.same(
    trace.map(({ variable }) => variable),
    ['REQUEST_METHOD', 'REQUEST_HEADERS:Host'],
  )
})
