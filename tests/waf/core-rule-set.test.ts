import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import { exchange } from '../helpers/rule-engine.ts'

const folder = join(import.meta.dirname, '../../../shared/crs')
const skip = existsSync(folder) ? false : 'the Core Rule Set is not beside this repository'

function files(): string[] {
  const rules = readdirSync(join(folder, 'rules')).filter((name) => name.endsWith('.conf'))
  return [join(folder, 'crs-setup.conf.example'), ...rules.sort().map((name) => join(folder, 'rules', name))]
}

t.test('all of it compiles, unmodified, and tells attacks from ordinary requests', { skip }, async (t) => {
  const ruleSet = await loadRuleSet({ files: files(), mode: 'block' })
  t.equal(ruleSet.ruleCount, 630)
  const headers = ['Host', 'shop.example', 'User-Agent', 'Mozilla/5.0', 'Accept', '*/*']
  const ask = (target: string) => exchange(ruleSet, { target, headers })
  t.match(await ask('/products?id=7&q=red+shoes'), { verdict: { kind: 'pass' }, matched: [] })
  t.match(await ask('/?x=%3Cscript%3Ealert(1)%3C/script%3E'), {
    verdict: { kind: 'block', status: 403, ruleId: 949110 },
  })
  t.match((await ask('/?file=../../../../etc/passwd')).logged, [930100, 930110, 930120])
  t.match((await ask("/?q=1'+or+'1'='1")).logged, [942100])
  t.match((await ask("/?q=1'+union+select+password+from+users--")).verdict, { kind: 'block', ruleId: 949110 })
})

t.test('loading gives way: requests have their turn while a reload compiles', { skip }, async (t) => {
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await loadRuleSet({ files: files(), mode: 'block' })
  clearInterval(timer)
  t.comment(`${turns} turns for others`)
  t.ok(turns > 5)
})
