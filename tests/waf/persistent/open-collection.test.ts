import t from 'tap'
import { PersistentCollections } from '../../../src/waf/persistent/persistent-collections.ts'
import { exchange, load, type Outcome } from '../../helpers/rule-engine.ts'

const START = 1_700_000_000_000

/** A rule set with a clock of its own; `values` gives what the rules with id 9 saw, by variable. */
async function engine(rules: string, collections = new PersistentCollections()) {
  const clock = { now: START }
  const seen: [string, string][] = []
  const ruleSet = await load(rules, {
    now: () => clock.now,
    collections,
    trace: ({ ruleId, variable, value }) => ruleId === 9 && seen.push([variable, value]),
  })
  return {
    clock,
    async values(target = '/', client = '192.0.2.1'): Promise<Record<string, string>> {
      seen.length = 0
      await exchange(ruleSet, { target, client })
      return Object.fromEntries(seen)
    },
    ask: (target = '/', client = '192.0.2.1'): Promise<Outcome> => exchange(ruleSet, { target, client }),
  }
}

const show = (targets: string, phase = 2) => `SecRule ${targets} "@rx ^" "id:9,phase:${phase},pass,nolog"`
const open = 'SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR}"'

t.test('the members that the engine keeps itself', async (t) => {
  const { clock, values } = await engine(`${open}
    SecRule ARGS:write "@eq 1" "id:2,phase:1,pass,nolog,setvar:ip.n=+1,setvar:ip.m=1"
    ${show('IP')}`)
  const fresh = {
    'IP:KEY': '192.0.2.1',
    'IP:IS_NEW': '1',
    'IP:CREATE_TIME': '1700000000',
    'IP:TIMEOUT': '3600',
    'IP:UPDATE_COUNTER': '0',
    'IP:UPDATE_RATE': '0',
  }
  t.strictSame(sorted(await values()), sorted(fresh))
  clock.now += 10_000
  t.match(
    await values(),
    { 'IP:IS_NEW': '1', 'IP:CREATE_TIME': '1700000010' },
    'one that is only looked at is not kept',
  )
  t.match(await values('/?write=1'), { 'IP:IS_NEW': '1', 'IP:n': '1', 'IP:UPDATE_COUNTER': '0' })
  clock.now += 20_000
  const second = { ...fresh, 'IP:IS_NEW': '0', 'IP:n': '2', 'IP:m': '1', 'IP:UPDATE_COUNTER': '1' }
  const times = { 'IP:CREATE_TIME': '1700000010', 'IP:LAST_UPDATE_TIME': '1700000010', 'IP:UPDATE_RATE': '3' }
  t.strictSame(sorted(await values('/?write=1')), sorted({ ...second, ...times }))
  t.match(await values(), { 'IP:UPDATE_COUNTER': '2', 'IP:LAST_UPDATE_TIME': '1700000030' }, 'one a transaction')
})

t.test('a collection lives SecCollectionTimeout from its last change, not from its last look', async (t) => {
  const { clock, values } = await engine(`SecCollectionTimeout 60
    ${open}
    SecRule ARGS:write "@eq 1" "id:2,phase:1,pass,nolog,setvar:ip.n=+1"
    ${show('IP:n|IP:TIMEOUT')}`)
  t.strictSame(await values('/?write=1'), { 'IP:n': '1', 'IP:TIMEOUT': '60' })
  clock.now += 40_000
  t.match(await values(), { 'IP:n': '1' })
  clock.now += 19_999
  t.match(await values(), { 'IP:n': '1' })
  clock.now += 1
  t.strictSame(await values(), { 'IP:TIMEOUT': '60' })
})

t.test('a rule may set TIMEOUT, and take that back', async (t) => {
  const { clock, values } = await engine(`${open}
    SecRule ARGS:timeout "@rx ." "id:2,phase:1,pass,nolog,setvar:ip.n=1,setvar:ip.timeout=%{MATCHED_VAR}"
    SecRule ARGS:back "@rx ." "id:3,phase:1,pass,nolog,setvar:!ip.timeout"
    ${show('IP:n|IP:TIMEOUT')}`)
  t.strictSame(await values('/?timeout=5'), { 'IP:n': '1', 'IP:TIMEOUT': '5' })
  t.strictSame(await values('/?back=1'), { 'IP:n': '1', 'IP:TIMEOUT': '3600' })
  clock.now += 6_000
  t.match(await values('/?timeout=5'), { 'IP:n': '1' })
  clock.now += 5_000
  t.strictSame(await values(), { 'IP:TIMEOUT': '3600' })
})

t.test('the engine keeps its members: rules that would write them are refused, macros cannot', async (t) => {
  for (const name of ['key', 'IS_NEW', 'create_time', 'last_update_time', 'update_counter', 'update_rate'])
    await t.rejects(
      load(`SecAction "id:1,phase:1,pass,setvar:ip.${name}=1"`),
      { code: 'ACME_EDGE_RULES_INVALID' },
      name,
    )
  const { values } = await engine(`${open}
    SecAction "id:2,phase:1,pass,nolog,setvar:ip.%{ARGS.a}=0,setvar:ip.%{ARGS.a}=+1,expirevar:ip.%{ARGS.a}=0"
    SecAction "id:3,phase:1,pass,nolog,setvar:!ip.%{ARGS.a},deprecatevar:ip.%{ARGS.a}=1/1,setvar:ip.n=+1"
    ${show('IP:KEY|IP:TIMEOUT|IP:n')}`)
  for (const [index, name] of ['KEY', 'is_new', 'timeout', 'TIMEOUT', 'create_time'].entries()) {
    const kept = { 'IP:KEY': '192.0.2.1', 'IP:TIMEOUT': '3600', 'IP:n': String(index + 1) }
    t.strictSame(await values(`/?a=${name}`), kept, name)
  }
})

t.test('without its KEY a collection is gone, for the rest of the transaction and afterwards', async (t) => {
  const { values } = await engine(`${open}
    SecAction "id:2,phase:1,pass,nolog,setvar:ip.n=+1"
    SecRule ARGS:out "@rx ." "id:3,phase:1,pass,nolog,setvar:!ip.KEY,setvar:ip.n=5"
    ${show('IP:n|IP:KEY|IP:IS_NEW')}`)
  await values()
  t.match(await values(), { 'IP:n': '2', 'IP:IS_NEW': '0' })
  t.strictSame(await values('/?out=1'), {})
  t.match(await values(), { 'IP:n': '1', 'IP:IS_NEW': '1' })
})

t.test('an expired value is gone at that moment, in a transaction that is under way, too', async (t) => {
  const collections = new PersistentCollections()
  const clock = { now: START }
  const ruleSet = await load(
    `${open}
     SecAction "id:2,phase:1,pass,nolog,setvar:ip.a=1,expirevar:ip.a=10,expirevar:ip.b=10,setvar:ip.b=1"
     SecRule IP:a|IP:b "@eq 1" "id:3,phase:3,pass,log"
     SecRule &IP:a "@eq 0" "id:4,phase:5,pass,log"`,
    { now: () => clock.now, collections },
  )
  for (const [pauseMs, logged] of [
    [9_999, 3],
    [10_000, 4],
  ] as const) {
    const transaction = ruleSet.begin({
      id: '1',
      receivedAtMs: clock.now,
      client: { address: '192.0.2.1', port: 1 },
      server: { address: '192.0.2.2', port: 80 },
      method: 'GET',
      target: '/',
      protocol: 'HTTP/1.1',
      headers: ['Host', 'a'],
    })
    await transaction.requestHeaders()
    await transaction.requestBody(undefined)
    clock.now += pauseMs
    await transaction.responseHeaders({ status: 200, protocol: 'HTTP/1.1', headers: [] })
    await transaction.responseBody(undefined)
    await transaction.finish()
    t.strictSame(
      transaction.logged.map(({ ruleId }) => ruleId),
      [logged],
      `after ${pauseMs} ms`,
    )
  }
})

t.test('a counter that has expired begins anew, and does not expire by the old time again', async (t) => {
  const { clock, values } = await engine(`${open}
    SecAction "id:2,phase:1,pass,nolog,setvar:ip.n=+1"
    SecRule &ARGS:expire "@gt 0" "id:3,phase:1,pass,nolog,expirevar:ip.n=%{ARGS.expire}"
    ${show('IP:n')}`)
  await values('/?expire=5')
  t.strictSame(await values(), { 'IP:n': '2' })
  clock.now += 5_000
  t.strictSame(await values(), { 'IP:n': '1' })
  clock.now += 60_000
  t.strictSame(await values(), { 'IP:n': '2' })
  t.strictSame(await values('/?expire=0'), {}, 'with 0 at once')
  const short = await engine(`${open}
    SecRule ARGS:a "@rx ." "id:2,phase:1,pass,nolog,setvar:ip.n=1,expirevar:ip.n"
    ${show('IP:n')}`)
  t.strictSame(await short.values('/?a=1'), { 'IP:n': '1' })
  short.clock.now += 1_000
  t.strictSame(await short.values(), {}, 'without a number after a second')
})

t.test('deprecatevar: 60 for every 300 seconds, each period once, never below zero', async (t) => {
  const { clock, values } = await engine(`${open}
    SecRule ARGS:add "@rx ." "id:2,phase:1,pass,nolog,setvar:ip.score=+%{MATCHED_VAR}"
    ${show('IP:score', 1)}
    SecAction "id:3,phase:5,pass,nolog,deprecatevar:ip.score=60/300"`)
  t.strictSame(await values('/?add=150'), { 'IP:score': '150' })
  for (let i = 0; i < 6; i++) {
    clock.now += 50_000
    t.strictSame(await values(), { 'IP:score': '150' }, 'looking often does not keep it up')
  }
  t.strictSame(await values(), { 'IP:score': '90' })
  clock.now += 900_000
  await values()
  t.strictSame(await values(), { 'IP:score': '0' })
  clock.now += 3_000_000
  t.strictSame(await values('/?add=10'), { 'IP:score': '10' })
  t.strictSame(await values(), { 'IP:score': '10' }, 'a new score does not pay for old times')
})

t.test('deprecatevar and expirevar are refused where they say nothing', async (t) => {
  for (const action of [
    'deprecatevar:ip.n',
    'deprecatevar:ip.n=5',
    'deprecatevar:ip.n=5/0',
    'deprecatevar:ip.n=a/b',
    'deprecatevar:tx.n=1/2',
    'expirevar:tx.n=5',
    'expirevar:ip',
  ])
    await t.rejects(load(`SecAction "id:1,phase:1,pass,${action}"`), { code: 'ACME_EDGE_RULES_INVALID' }, action)
  t.ok(await load('SecAction "id:1,phase:1,pass,deprecatevar:ip.%{ARGS.a}=%{tx.a}/%{tx.b}"'))
})

t.test('expirevar and deprecatevar of what the engine keeps load, and change nothing', async (t) => {
  const { clock, values } = await engine(`${open}
    SecAction "id:2,phase:1,pass,nolog,setvar:ip.n=+1,expirevar:ip.timeout=5,expirevar:ip.KEY=0"
    SecAction "id:3,phase:1,pass,nolog,deprecatevar:ip.update_counter=1/1"
    ${show('IP:n|IP:KEY|IP:TIMEOUT|IP:UPDATE_COUNTER')}`)
  await values()
  clock.now += 10_000
  const kept = { 'IP:n': '2', 'IP:KEY': '192.0.2.1', 'IP:TIMEOUT': '3600', 'IP:UPDATE_COUNTER': '1' }
  t.strictSame(await values(), kept)
})

t.test('keys do not mix, whatever they are made of', async (t) => {
  const { values } = await engine(`SecAction "id:1,phase:1,pass,nolog,initcol:'ip=%{ARGS.a} %{ARGS.b}',setvar:ip.n=+1"
    ${show('IP:n')}`)
  const keys = ['/?a=1%202&b=3', '/?a=1&b=2%203%20', '/?a=&b=1', '/?a=1&b=', '/?a=%00&b=', `/?a=${'x'.repeat(2000)}&b=`]
  for (const key of [...keys, `/?a=${'x'.repeat(2000)}&b=1`]) t.strictSame(await values(key), { 'IP:n': '1' }, key)
  t.strictSame(await values('/?a=1&b=2%203'), { 'IP:n': '2' }, 'the same key, put together in another way')
})

t.test('of two initcol of one collection the first counts', async (t) => {
  const { values } = await engine(`SecAction "id:1,phase:1,pass,nolog,initcol:ip=first,initcol:ip=second"
    ${show('IP:KEY')}`)
  t.strictSame(await values(), { 'IP:KEY': 'first' })
})

t.test('SecWebAppId separates sessions; rule sets that share a memory share the rest', async (t) => {
  const collections = new PersistentCollections()
  const rules = (id: string) => `SecWebAppId ${id}
    SecAction "id:1,phase:1,pass,nolog,initcol:ip=a,setsid:s,setuid:u,setrsc:r,setvar:ip.n=+1"
    SecAction "id:2,phase:1,pass,nolog,setvar:session.n=+1,setvar:user.n=+1,setvar:resource.n=+1"
    ${show('IP:n|SESSION:n|USER:n|RESOURCE:n')}`
  const shop = await engine(rules('shop'), collections)
  const blog = await engine(rules('blog'), collections)
  t.strictSame(await shop.values(), { 'IP:n': '1', 'SESSION:n': '1', 'USER:n': '1', 'RESOURCE:n': '1' })
  t.strictSame(await blog.values(), { 'IP:n': '2', 'SESSION:n': '1', 'USER:n': '1', 'RESOURCE:n': '1' })
  const reloaded = await engine(rules('shop'), collections)
  t.strictSame(await reloaded.values(), { 'IP:n': '3', 'SESSION:n': '2', 'USER:n': '2', 'RESOURCE:n': '2' })
})

function sorted(values: Record<string, string>): [string, string][] {
  return Object.entries(values).sort()
}
