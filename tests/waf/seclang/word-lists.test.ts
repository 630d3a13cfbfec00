import t from 'tap'
import { parseActions } from '../../../src/waf/seclang/action-list.ts'
import { parseSecLang } from '../../../src/waf/seclang/parser.ts'
import { sourceText } from '../../../src/waf/seclang/source-text.ts'
import { parseTargets } from '../../../src/waf/seclang/targets.ts'

const text = '# update\n  SecRuleUpdateTargetById 1 "!ARGS:/x|y/|FILES"\nSecDefaultAction "phase:1,,deny"\n'

t.test('targets in the argument of a directive are parsed with their places', async (t) => {
  const { targets, problems } = parseTargets(argument(0, 1), sourceText('f', text))
  t.same(problems, [])
  t.match(targets, [
    { mode: 'exclude', selector: { kind: 'regex', pattern: { text: 'x|y', location: { line: 2, column: 37 } } } },
    { mode: 'include', variable: { text: 'FILES', location: { line: 2, column: 42 } }, selector: undefined },
  ])
})

t.test('a problem in such an argument shows the line of the file', async (t) => {
  const { problems } = parseActions(argument(1, 0), sourceText('f', text))
  t.same(problems, [
    {
      location: { file: 'f', line: 3, column: 27 },
      message: 'an action is missing here',
      sourceLine: 'SecDefaultAction "phase:1,,deny"',
    },
  ])
})

function argument(node: number, index: number) {
  const directive = parseSecLang(text, 'f').nodes[node]
  const word = directive?.kind === 'directive' ? directive.arguments[index] : undefined
  if (!word) throw new Error('no such argument')
  return word
}
