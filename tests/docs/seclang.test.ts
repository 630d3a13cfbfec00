import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { removalOptions } from '../../src/waf/actions/ctl-removal.ts'
import { settingOptions } from '../../src/waf/actions/ctl-settings.ts'
import { actionWords } from '../../src/waf/actions/index.ts'
import { inertDirectives } from '../../src/waf/compiler/directives-inert.ts'
import { ruleDirectives } from '../../src/waf/compiler/directives-rules.ts'
import { settingDirectives } from '../../src/waf/compiler/directives-settings.ts'
import { refusedWords } from '../../src/waf/compiler/refused-words.ts'
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

t.test('docs/seclang.md gives the reason against each word that is refused', async (t) => {
  const rows = new Map(documentedReasons().flatMap(([reason, words]) => words.map((word) => [word, reason])))
  for (const [kind, words] of Object.entries(refusedWords)) {
    for (const [word, reason] of Object.entries<string>(words)) {
      const name = kind === 'Operators' ? `@${word}` : word
      t.equal(rows.get(name), reason, name)
      rows.delete(name)
    }
  }
  t.same([...rows.keys()], [], 'no others')
})

t.test('no word is both known and refused', async (t) => {
  const known = {
    Directives: Object.keys({ ...ruleDirectives, ...settingDirectives, ...inertDirectives }),
    Variables: namesOf(variableWords),
    Operators: namesOf(operators),
    Actions: namesOf(actionWords),
  }
  for (const [kind, words] of Object.entries(refusedWords)) {
    const names = new Set(known[kind as keyof typeof known].map((name) => name.toLowerCase())) // the same keys
    t.same(
      Object.keys(words).filter((word) => names.has(word.toLowerCase())),
      [],
      kind,
    )
  }
})

function namesOf(words: readonly { readonly name: string }[]): string[] {
  return words.map(({ name }) => name)
}

/** Rows of the last table: a reason and its words. */
function documentedReasons(): (readonly [reason: string, words: readonly string[]])[] {
  const rows = (text.split('## Refused, and why\n')[1] ?? '').matchAll(/^\| (?!why|---)(.+?) \| (`.+`) \|$/gm)
  return [...rows].map(([, reason = '', words = '']) => [reason, words.replaceAll('`', '').split(', ')])
}

/** Words in lists: lines that begin with a word in backquotes. */
function documented(heading: string): string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const lists = section.split('\n').filter((line) => line.startsWith('`'))
  return lists.flatMap((line) => [...line.matchAll(/`(\w+)`/g)].map(([, word = '']) => word.toLowerCase())).sort()
}
