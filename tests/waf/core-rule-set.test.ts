import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { EdgeError } from '../../src/errors.ts'
import { loadRuleSet } from '../../src/waf/rule-set.ts'
import { exchange } from '../helpers/rule-engine.ts'

const folder = join(import.meta.dirname, '../../../shared/crs')
const skip = existsSync(folder) ? false : 'the Core Rule Set is not beside this repository'

function files(): string[] {
  const rules = readdirSync(join(folder, 'rules')).filter((name) => name.endsWith('.conf'))
  return [join(folder, 'crs-setup.conf.example'), ...rules.sort().map((name) => join(folder, 'rules', name))]
}

t.test('of the unmodified Core Rule Set only two operators are refused, each with its place', { skip }, async (t) => {
  const problems = await loadRuleSet({ files: files(), mode: 'block' }).then(
    () => [],
    (error: unknown) => (error instanceof EdgeError ? error.problems : []),
  )
  t.same(
    problems.map(({ message }) => message),
    [
      ...Array(2).fill('the operator "@detectXSS" is not supported'),
      ...Array(2).fill('the operator "@detectSQLi" is not supported'),
    ],
  )
  t.ok(problems.every(({ sourceLine }) => sourceLine.includes('@detect')))
})

t.test('without those two all of it compiles and tells attacks from ordinary requests', { skip }, async (t) => {
  const readFile = (path: string) => readFileSync(path, 'latin1').replace(/@detect(?:XSS|SQLi)/g, '@noMatch')
  const ruleSet = await loadRuleSet({ files: files(), mode: 'block', readFile })
  t.equal(ruleSet.ruleCount, 630)
  const headers = ['Host', 'shop.example', 'User-Agent', 'Mozilla/5.0', 'Accept', '*/*']
  const ask = (target: string) => exchange(ruleSet, { target, headers })
  t.match(await ask('/products?id=7&q=red+shoes'), { verdict: { kind: 'pass' }, matched: [] })
  t.match(await ask('/?x=%3Cscript%3Ealert(1)%3C/script%3E'), {
    verdict: { kind: 'block', status: 403, ruleId: 949110 },
  })
  t.match((await ask('/?file=../../../../etc/passwd')).logged, [930100, 930110, 930120])
  t.match((await ask("/?q=1'+union+select+password+from+users--")).verdict, { kind: 'block', ruleId: 949110 })
})

t.test('loading gives way: requests have their turn while a reload compiles', { skip }, async (t) => {
  const readFile = (path: string) => readFileSync(path, 'latin1').replace(/@detect(?:XSS|SQLi)/g, '@noMatch')
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  await loadRuleSet({ files: files(), mode: 'block', readFile })
  clearInterval(timer)
  t.comment(`${turns} turns for others`)
  t.ok(turns > 5)
})
