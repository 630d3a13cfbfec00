import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { divergences } from './divergences/index.ts'
import { Engines } from './engines.ts'
import { explain } from './explain.ts'
import { minimalCases } from './minimal-cases.ts'
import { Oracle } from './oracle.ts'
import { findPython } from './python.ts'
import type { Statement } from './rule-model.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/divergences.md'), 'utf8')
const numbers = [...text.matchAll(/^### (\d+)\. /gm)].map(([, number]) => Number(number))

t.test('docs/divergences.md has at most twenty entries, each with its case, reason and figure', (t) => {
  t.ok(numbers.length <= 20, `${numbers.length} entries`)
  t.same(
    numbers,
    Array.from({ length: numbers.length }, (_, i) => i + 1),
  )
  t.same(
    [...new Set(divergences.map(({ entry }) => entry))].sort((a, b) => a - b),
    numbers,
    'each has its predicate',
  )
  const entries = text.split(/^### \d+\. .*$/m).slice(1)
  for (const [i, entry] of entries.entries()) {
    for (const part of ['- **Manual:** ', '- **Why:** ', '- **Explains:** '])
      t.ok(entry.includes(part), `${i + 1}: ${part}`)
    const rules = minimalCases.find((one) => one.entry === i + 1)?.rules.split('\n') ?? []
    t.ok(entry.includes(rules.at(-1)?.replace(' "t:none"', '') ?? 'no rule'), `${i + 1}: the case of the test`)
  }
  t.end()
})

const found = findPython()
const skip = 'skip' in found ? found.skip : false
if (skip !== false && process.env.CI === 'true') t.fail(skip)

const settings = [
  'SecRuleEngine On',
  'SecRequestBodyAccess On',
  'SecResponseBodyAccess On',
  'SecResponseBodyMimeType text/html',
]

t.test('the engines differ in each minimal case, for the reason of its entry', { skip }, async (t) => {
  if ('skip' in found) return
  const oracle = new Oracle(found.python)
  t.teardown(() => oracle.close())
  const engines = new Engines(oracle)
  for (const { entry, rules, exchange } of minimalCases) {
    const statements = [...settings.map((line): Statement => ({ kind: 'setting', text: line })), ...readRules(rules)]
    const one = { rules: statements, exchange }
    t.equal((await engines.compare(one)).kind, 'differ', `entry ${entry} differs`)
    const own = divergences.filter((divergence) => divergence.entry === entry)
    t.match(await explain(one, own, engines), { kind: 'explained' }, `entry ${entry} explains it`)
  }
})

/** As the cases are written: a chain continues on an indented line. */
function readRules(text: string): Statement[] {
  return text.split(/\n(?! )/).map((statement): Statement => {
    const links = [...statement.matchAll(/^ *(?:SecRule (\S+) "(!?@\w+) ?(.*?)"|SecAction) "(.*)"$/gm)]
    if (links.length === 0 || /id:90\d/.test(statement)) return { kind: 'setting', text: statement }
    return {
      kind: 'rule',
      links: links.map(([, targets, operator = '', argument = '', actions = '']) => ({
        targets: targets?.split('|') ?? [],
        operator,
        argument,
        actions: actions.split(',').filter((action) => action !== 'chain'),
      })),
    }
  })
}
