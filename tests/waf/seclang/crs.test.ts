import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { formatProblem } from '../../../src/waf/seclang/format-problem.ts'
import { parseSecLang } from '../../../src/waf/seclang/parser.ts'

const folder = fileURLToPath(new URL('../../../../shared/crs/rules/', import.meta.url))
const skip = existsSync(folder) ? false : 'the Core Rule Set is not beside this repository'

t.test('the whole Core Rule Set parses without a problem, nothing lost', { skip }, async (t) => {
  const counts: Record<string, number> = {}
  const files = readdirSync(folder).filter((name) => name.endsWith('.conf'))
  for (const file of files) {
    const { nodes, problems } = parseSecLang(readFileSync(`${folder}${file}`, 'latin1'), file)
    t.same(problems.map(formatProblem), [], file)
    for (const node of nodes) {
      const kind = node.kind === 'directive' ? node.name.text : node.kind
      counts[kind] = (counts[kind] ?? 0) + 1
    }
  }
  t.same(counts, { rule: 695, action: 7, marker: 30, SecRuleUpdateTargetById: 55, SecComponentSignature: 1 })
})

t.test('every actions list of the Core Rule Set but those of chained rules has an id', { skip }, async (t) => {
  let ids = 0
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.conf'))) {
    for (const node of parseSecLang(readFileSync(`${folder}${file}`, 'latin1'), file).nodes) {
      if (node.kind !== 'rule' && node.kind !== 'action') continue
      if (node.actions.some(({ name }) => name.text === 'id')) ids++
    }
  }
  t.equal(ids, 629)
})
