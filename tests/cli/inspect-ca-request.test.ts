import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { checkRules } from '../../src/acme/diagnose/check-rules.ts'
import type { DiagnosisOptions } from '../../src/acme/diagnose/diagnosis-types.ts'
import { openCaRequestInspection } from '../../src/cli/inspect-ca-request.ts'
import { loadConfig } from '../../src/config/load.ts'

const about = {
  name: 'shop.example',
  target: '/.well-known/acme-challenge/evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA',
}

/** What the diagnosis says of these rules. */
async function check(t: Test, rules: string) {
  const folder = mkdtempSync(join(tmpdir(), 'acme-edge-inspect-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'test.conf'), `SecRuleEngine On\n${rules}\n`)
  const config = { listen: { http: ['127.0.0.1:0'] }, waf: { rules: ['test.conf'] } }
  writeFileSync(join(folder, 'edge.yaml'), JSON.stringify(config))
  const inspect = await openCaRequestInspection(await loadConfig(join(folder, 'edge.yaml')))
  return checkRules({ inspect } as DiagnosisOptions, about) // all else is for other checks
}

const scoring = 'SecRule TX:score "@ge 3" "id:949,phase:2,deny,status:403,log"'

interface Case {
  readonly title: string
  readonly rules: string
  readonly code: 'RULE_BLOCKS' | 'RULE_OBSERVED'
  readonly text: RegExp
  readonly control?: string
}

const cases: readonly Case[] = [
  {
    title: 'a rule that denies: its variable is excluded',
    rules: 'SecRule REQUEST_HEADERS:User-Agent "@contains Go-http" "id:1,phase:1,deny,status:406,log"',
    code: 'RULE_BLOCKS',
    text: /^rule 1 would answer 406 to .* as a Go client sends it;/,
    control: 'ctl:ruleRemoveTargetById=1;REQUEST_HEADERS:User-Agent',
  },
  {
    title: 'a missing header: no variable that can be excluded, so the rule is',
    rules: 'SecRule &REQUEST_HEADERS:Accept "@eq 0" "id:2,phase:1,deny,status:403,log"',
    code: 'RULE_BLOCKS',
    text: /^rule 2 would answer 403/,
    control: 'ctl:ruleRemoveById=2',
  },
  {
    title: 'a sum of scores: what scored is excluded, not what adds up',
    rules: `SecRule REQUEST_FILENAME "@contains well-known" "id:3,phase:1,pass,log,setvar:tx.score=+3"\n${scoring}`,
    code: 'RULE_BLOCKS',
    text: /^rule 949 would answer 403 .*because of rule 3 \(REQUEST_FILENAME\);/,
    control: 'ctl:ruleRemoveTargetById=3;REQUEST_FILENAME',
  },
  {
    title: 'a rule that drops',
    rules: 'SecRule REQUEST_HEADERS:Connection "@streq close" "id:4,phase:1,drop,log"',
    code: 'RULE_BLOCKS',
    text: /^rule 4 would drop/,
    control: 'ctl:ruleRemoveTargetById=4;REQUEST_HEADERS:Connection',
  },
  {
    title: 'a rule that redirects',
    rules: 'SecRule REQUEST_URI "@beginsWith /.well-known/" "id:5,phase:1,redirect:http://login.example/,log"',
    code: 'RULE_BLOCKS',
    text: /^rule 5 would redirect/,
    control: 'ctl:ruleRemoveTargetById=5;REQUEST_URI',
  },
  {
    title: 'a rule that only logs',
    rules: 'SecRule REQUEST_METHOD "@streq GET" "id:6,phase:1,pass,log"',
    code: 'RULE_OBSERVED',
    text: /observed by rule 6 \(REQUEST_METHOD\)/,
  },
]

t.test('the rule and the narrowest exclusion that helps, which was tried', async (t) => {
  for (const { title, rules, code, text, control } of cases) {
    await t.test(title, async (t) => {
      const [found] = await check(t, rules)
      t.equal(found?.code, code)
      t.match(found?.text, text)
      if (control === undefined) return
      const exclusion = /put before its rules: (SecRule .*)$/.exec(found?.fix ?? '')?.[1] ?? ''
      t.ok(exclusion.endsWith(`,${control}"`), exclusion)
      const left = await check(t, `${exclusion}\n${rules}`)
      t.notOk(
        left.some((one) => one.code === 'RULE_BLOCKS' && one.text.includes(found?.text.split(' sends it')[0] ?? '')),
        'with it nothing blocks',
      )
    })
  }
  t.equal(cases.length, 6)
})

t.test('rules that let CAs pass are not mentioned; an id that is taken already does no harm', async (t) => {
  t.strictSame(await check(t, ''), [])
  const taken = 'SecAction "id:100000,phase:1,pass,nolog"\n'
  const [found] = await check(t, `${taken}${cases[0]?.rules}`)
  t.equal(found?.code, 'RULE_BLOCKS')
  t.match(found?.fix, /^exempt the path/, 'the exclusion could not be tried')
})
