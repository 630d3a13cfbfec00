import { existsSync, globSync } from 'node:fs'
import t from 'tap'
import { loadRuleSet } from '../../src/waf/rule-set.ts'

const rules = '/usr/share/modsecurity-crs/rules'
const skip = existsSync(rules) ? false : 'the package modsecurity-crs is not installed'

if (skip !== false && process.env.CI === 'true') t.fail(skip)

t.test('version 3 of the Core Rule Set, as Debian has it, loads; two operators never match', { skip }, async (t) => {
  const files = [...globSync('/etc/modsecurity/crs/crs-setup.conf'), ...globSync(`${rules}/*.conf`).sort()]
  t.ok(files.length > 20, `${files.length} files`)
  const { warnings, ruleCount } = await loadRuleSet({ files, mode: 'block' })
  t.match(warnings, [{ message: /^@geoLookup/ }, { message: /^@rbl/ }])
  t.equal(warnings.length, 2)
  t.ok(ruleCount > 400, `${ruleCount} rules`)
})
