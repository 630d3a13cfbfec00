import t from 'tap'
import { loadRuleSet } from '../../src/waf/rule-set.ts'

const deny = `SecRule ARGS "@contains attack" "id:1,phase:2,deny,status:403"\n`
const chooses = `SecRule REQUEST_HEADERS:X-Json "@eq 1" "id:2,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"\n`

interface Case {
  readonly name: string
  readonly rules: string
  readonly headers: readonly string[]
  readonly plan: 'buffer' | 'stream'
  readonly kind: 'block' | 'pass'
}

const json = ['content-type', 'application/json; charset=utf-8']
const cases: readonly Case[] = [
  { name: 'no rule chooses: the type does', rules: deny, headers: json, plan: 'buffer', kind: 'block' },
  {
    name: 'a structured suffix counts',
    rules: deny,
    headers: ['content-type', 'application/problem+json'],
    plan: 'buffer',
    kind: 'block',
  },
  {
    name: 'a second header does not hide the first',
    rules: deny,
    headers: ['content-type', 'image/png', 'Content-Type', 'application/json'],
    plan: 'buffer',
    kind: 'block',
  },
  { name: 'a rule that chooses is left to do so', rules: deny + chooses, headers: json, plan: 'stream', kind: 'pass' },
  {
    name: 'a rule chooses',
    rules: deny + chooses,
    headers: [...json, 'x-json', '1'],
    plan: 'buffer',
    kind: 'block',
  },
  {
    name: 'a name that only begins like it',
    rules: deny,
    headers: ['content-type', 'application/jsonx'],
    plan: 'stream',
    kind: 'pass',
  },
]

t.test('JSON bodies are inspected by their type where no rule chooses them', async (t) => {
  let ran = 0
  for (const { name, rules, headers, plan, kind } of cases) {
    const set = await loadRuleSet({ files: ['own.conf'], mode: 'block', readFile: () => rules })
    const end = { address: '127.0.0.1', port: 1 }
    const transaction = set.begin({
      id: 'x',
      receivedAtMs: 0,
      client: end,
      server: end,
      method: 'POST',
      target: '/',
      protocol: 'HTTP/1.1',
      headers: ['host', 'shop.example', ...headers],
    })
    await transaction.requestHeaders()
    t.equal(transaction.requestBodyPlan().kind, plan, name)
    const body = plan === 'buffer' ? Buffer.from('{"a":{"b":"an attack"}}') : undefined
    t.equal((await transaction.requestBody(body)).kind, kind, name)
    ran++
  }
  t.equal(ran, 6)
})
