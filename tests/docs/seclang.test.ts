import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { coraza, type Kind, kinds, modsecurity } from '../../scripts/seclang-peers.ts'
import { ownWords, unknownWords, wordTable } from '../../scripts/seclang-table.ts'
import { EdgeError } from '../../src/errors.ts'
import { load } from '../helpers/rule-engine.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/seclang.md'), 'utf8')

t.test('docs/seclang.md has the tables of the program', async (t) => {
  for (const kind of kinds) {
    const section = text.split(/^## /m).find((part) => part.startsWith(`${kind}\n`)) ?? ''
    t.equal(section.slice(section.indexOf('| word |')).trimEnd(), wordTable(kind), kind)
  }
})

t.test('each word of ModSecurity 3 and of Coraza has a meaning or a reason', async (t) => {
  let count = 0
  for (const kind of kinds) {
    t.same(unknownWords(kind), [], kind)
    count += new Set(
      [modsecurity, coraza].flatMap(({ supported, idle, refused }) =>
        [supported, idle, refused].flatMap((words) => words[kind]),
      ),
    ).size
  }
  t.ok(count > 320, `${count} words`)
})

t.test('no word is both known and refused', async (t) => {
  for (const kind of kinds) {
    const names = [...ownWords[kind].keys()].map((name) => name.toLowerCase())
    t.equal(names.length, new Set(names).size, kind)
  }
})

/** A rule or line with the word in it. */
const uses: Readonly<Record<Kind, (word: string) => string>> = {
  Directives: (word) => `${word} x`,
  Variables: (word) => `SecRule ${word} "x" "id:1"`,
  Operators: (word) => `SecRule ARGS "@${word} x" "id:1"`,
  Transformations: (word) => `SecAction "id:1,t:${word}"`,
  Actions: (word) => `SecAction "id:1,${word}:x"`,
  'Options of ctl': (word) => `SecAction "id:1,ctl:${word}=x"`,
}

t.test('a word that is refused is refused for the reason that is documented, any other is known', async (t) => {
  for (const kind of kinds) {
    for (const [word, own] of ownWords[kind]) {
      const messages = await problemsOf(uses[kind](word.toUpperCase()))
      const unknown = new RegExp(`"?@?${word}"? is not supported(?:$|:)|unknown .*"${word}"`, 'im')
      const reason = own.startsWith('refused: ') ? own.slice('refused: '.length) : undefined
      if (reason === undefined) t.notMatch(messages, unknown, word)
      else t.match(messages, reason, word)
    }
  }
})

async function problemsOf(rules: string): Promise<string> {
  try {
    await load(rules)
    return ''
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error
    return error.problems.map(({ message }) => message).join('\n')
  }
}
