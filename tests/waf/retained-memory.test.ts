import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { exchange, load } from '../helpers/rule-engine.ts'

const BODY_BYTES = 500_000
const BODIES = 200

t.test('values that outlive a request do not keep its body alive', async (t) => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const ruleSet =
    await load(`SecRule ARGS:a "@rx ." "id:2,phase:2,pass,nolog,initcol:ip=%{ARGS.a},setvar:ip.last=%{ARGS.a}"
    SecRule ARGS "@streq %{ARGS.a}!" "id:3,phase:2,pass,nolog"`)
  const headers = ['Host', 'a', 'Content-Type', 'application/x-www-form-urlencoded']
  const ask = (i: number) =>
    exchange(ruleSet, { headers, body: `a=${String(i).padStart(60, 'v')}&b=${'y'.repeat(BODY_BYTES)}` })
  await ask(-1)
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < BODIES; i++) await ask(i)
  collectGarbage()
  const grownBytes = process.memoryUsage().heapUsed - before
  t.comment(`${BODIES} bodies of ${BODY_BYTES} bytes: the heap grew by ${Math.round(grownBytes / 1024)} KiB`)
  t.ok(grownBytes < (BODIES * BODY_BYTES) / 10)
})

t.test('a flood of keys pushes out the oldest collections and names', async (t) => {
  const ruleSet = await load(`SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.n=+1"
    SecRule IP:n "@gt 1" "id:2,phase:1,deny,status:429"`)
  const ask = async (client: string) => (await exchange(ruleSet, { client })).verdict.kind
  t.equal(await ask('192.0.2.1'), 'pass')
  t.equal(await ask('192.0.2.1'), 'block')
  for (let i = 0; i < 10_001; i++) await ask(`2001:db8::${i.toString(16)}`)
  t.equal(await ask('192.0.2.1'), 'pass', 'its collection was pushed out')
  const names = await load(`SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.x_%{ARGS.x}=1"
    SecRule &IP:/^x_/ "@gt 200" "id:3,phase:1,deny,status:500"`)
  const verdicts = new Set<string>()
  for (let i = 0; i < 300; i++) verdicts.add((await exchange(names, { target: `/?x=${i}` })).verdict.kind)
  t.same([...verdicts], ['pass'])
})
