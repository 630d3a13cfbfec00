import t from 'tap'
import { formatProblem } from '../../../src/waf/seclang/format-problem.ts'
import { parseSecLang } from '../../../src/waf/seclang/parser.ts'

t.test('a problem is shown with its line and a caret under the place', async (t) => {
  t.same(show('\n\tSecRule ARGS| "x" "id:1"\n'), [
    'rules/a.conf:2:15: a variable is missing here\n  \tSecRule ARGS| "x" "id:1"\n  \t             ^',
  ])
})

t.test('nothing of a rule file reaches the terminal as a control character', async (t) => {
  t.same(show('SecRuleEngine \x1b[31m\n'), [
    'rules/a.conf:1:15: unexpected control character 0x1b\n  SecRuleEngine ?[31m\n                ^',
  ])
})

t.test('a long line is cut around the caret', async (t) => {
  const [shown = ''] = show(`SecRule ARGS "${'a'.repeat(5000)}" "id:1,,pass,msg:'${'b'.repeat(500)}'"\n`)
  const [head, line = '', caret = ''] = shown.split('\n')
  t.equal(head, 'rules/a.conf:1:5023: an action is missing here')
  t.equal(line.length, 162)
  t.equal(line[caret.indexOf('^')], ',')
  t.ok(line.slice(0, caret.length).endsWith('"id:1,,'))
})

function show(text: string): string[] {
  return parseSecLang(text, 'rules/a.conf').problems.map(formatProblem)
}
