import { existsSync, globSync } from 'node:fs'
import t from 'tap'
import { EdgeError } from '../../src/errors.ts'
import { loadRuleSet } from '../../src/waf/rule-set.ts'

const rules = '/usr/share/modsecurity-crs/rules'
const skip = existsSync(rules) ? false : 'the package modsecurity-crs is not installed'

t.test('version 3 of the Core Rule Set, as Debian has it, loads but for two operators', { skip }, async (t) => {
  const files = [...globSync('/etc/modsecurity/crs/crs-setup.conf'), ...globSync(`${rules}/*.conf`).sort()]
  t.ok(files.length > 20, `${files.length} files`)
  const problems = await loadRuleSet({ files, mode: 'block' }).then(
    ({ warnings }) => {
      t.match(warnings, [{ message: /^@geoLookup/ }, { message: /^@rbl/ }])
      return []
    },
    (error: unknown) => {
      if (error instanceof EdgeError) return error.problems
      throw error
    },
  )
  t.same(
    problems.filter(({ message }) => !/"@detect(?:SQLi|XSS)" is not supported/.test(message)),
    [],
  )
})
