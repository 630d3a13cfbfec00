import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { removalOptions } from '../../src/waf/actions/ctl-removal.ts'
import { settingOptions } from '../../src/waf/actions/ctl-settings.ts'
import { actionWords } from '../../src/waf/actions/index.ts'
import { inertDirectives } from '../../src/waf/compiler/directives-inert.ts'
import { ruleDirectives } from '../../src/waf/compiler/directives-rules.ts'
import { settingDirectives } from '../../src/waf/compiler/directives-settings.ts'
import { operators } from '../../src/waf/operators/index.ts'
import { transformations } from '../../src/waf/transformations/index.ts'
import { variableWords } from '../../src/waf/variables/index.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/seclang.md'), 'utf8')

t.test('docs/seclang.md lists the words that exist, and no others', async (t) => {
  const expected = {
    Directives: [
      ...['secrule', 'secaction', 'secmarker', 'include'],
      ...Object.keys({ ...ruleDirectives, ...settingDirectives, ...inertDirectives }),
    ],
    Variables: variableWords.map(({ name }) => name),
    Operators: operators.map(({ name }) => name),
    Transformations: transformations.map(({ name }) => name),
    Actions: [...actionWords.map(({ name }) => name), ...Object.keys({ ...settingOptions, ...removalOptions })],
  }
  for (const [heading, words] of Object.entries(expected)) {
    t.same(documented(heading), words.map((word) => word.toLowerCase()).sort(), heading)
  }
})

/** Words in lists: lines that begin with a word in backquotes. */
function documented(heading: string): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const lists = section.split('\n').filter((line) => line.startsWith('`'))
  return lists.flatMap((line) => [...line.matchAll(/`(\w+)`/g)].map(([, word = '']) => word.toLowerCase())).sort()
}
