import t from 'tap'
import { rx } from '../../../src/waf/operators/rx.ts'
import { readPatternTree, textTree } from '../../../src/waf/prefilter/pattern-tree.ts'
import { operatorContext } from '../../helpers/operator-context.ts'
import { expressionOf, isExact, sampleOf } from '../../helpers/pattern-samples.ts'
import { randomFrom } from '../../helpers/random.ts'
import { randomPattern } from '../../helpers/random-pattern.ts'
import { runSize } from '../../helpers/run-size.ts'

const { seed, count } = runSize({ usual: 1_500, full: 100_000 })

t.test('a tree accepts every value that its pattern matches', async (t) => {
  const random = randomFrom(seed)
  const narrow: string[] = []
  const unread: string[] = []
  let refused = 0
  let pairs = 0
  for (let i = 0; i < count; i++) {
    const pattern = randomPattern(random)
    const operator = compile(pattern.source)
    if (operator === undefined) {
      refused++
      continue
    }
    if (operator.requires === undefined) {
      unread.push(pattern.source)
      continue
    }
    const tree = new RegExp(expressionOf(operator.requires))
    for (let times = 0; times < 6; times++) {
      const value = random.pick(['', '', 'x', ' ', '\n']) + pattern.sample() + random.pick(['', '', 'y', '\r', '\0'])
      if (!operator.test(value)) continue
      pairs++
      if (!tree.test(value)) narrow.push(`${pattern.source} ${JSON.stringify(value)}`)
    }
  }
  t.strictSame(narrow.slice(0, 10), [], `seed ${seed}`)
  t.strictSame(unread.slice(0, 10), [], 'everything that the translation writes can be read')
  t.ok(pairs > count * 2, `${pairs} values that match`)
  t.ok(refused < count / 10, `${refused} patterns were refused`)
})

t.test('a tree without assertions accepts nothing else', async (t) => {
  const random = randomFrom(seed + 1)
  const wide: string[] = []
  let pairs = 0
  for (let i = 0; i < count; i++) {
    const { source } = randomPattern(random)
    const operator = compile(source)
    if (operator?.requires === undefined || !isExact(operator.requires)) continue
    const value = sampleOf(operator.requires, random, () => true)
    if (value === undefined) continue
    pairs++
    if (!operator.test(value)) wide.push(`${source} ${JSON.stringify(value)}`)
  }
  t.strictSame(wide.slice(0, 10), [], `seed ${seed}`)
  t.ok(pairs > count / 8, `${pairs} values`)
})

t.test('what is no pattern of a translation has no tree', async (t) => {
  for (const source of [
    '\\u0041',
    '\\p{L}',
    '(a',
    'a)',
    '[a',
    '*a',
    'a**',
    '(?<n>a)\\1',
    '\\cA',
    '(?-i:a)',
    'a{',
    '}',
    '\\',
  ]) {
    t.equal(readPatternTree(source), undefined, source)
  }
})

t.test('texts', async (t) => {
  const matches = (text: string, comparison: 'same case' | 'any case', value: string): boolean =>
    new RegExp(`^${expressionOf(textTree(text, comparison))}$`).test(value)
  t.ok(matches('aZ1\xe9', 'same case', 'aZ1\xe9'))
  t.notOk(matches('aZ1\xe9', 'same case', 'Az1\xe9'))
  t.ok(matches('aZ1[@', 'any case', 'Az1[@'))
  t.notOk(matches('[@', 'any case', '{`'))
  t.notOk(matches('\xe9', 'any case', '\xc9'))
  t.ok(matches('', 'same case', ''))
})

function compile(source: string) {
  try {
    return rx.compile(source, operatorContext())
  } catch {
    return undefined
  }
}
