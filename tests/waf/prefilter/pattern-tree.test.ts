import t from 'tap'
import { pm } from '../../../src/waf/operators/pm.ts'
import { rx } from '../../../src/waf/operators/rx.ts'
import { type PatternTree, readPatternTree, textTree } from '../../../src/waf/prefilter/pattern-tree.ts'
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
    const required = operator.requires?.()
    if (required === undefined) {
      unread.push(pattern.source)
      continue
    }
    const tree = new RegExp(expressionOf(required))
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
    const required = operator?.requires?.()
    if (operator === undefined || required === undefined || !isExact(required)) continue
    const value = sampleOf(required, random, () => true)
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
  const matches = (tree: PatternTree, value: string): boolean => new RegExp(`^${expressionOf(tree)}$`).test(value)
  t.ok(matches(textTree('aZ1\xe9'), 'aZ1\xe9'))
  t.notOk(matches(textTree('aZ1\xe9'), 'Az1\xe9'))
  t.ok(matches(textTree(''), ''))
  const operator = pm.compile('aZ1[@ \xe9', operatorContext())
  const required = operator.requires?.() ?? textTree('')
  for (const value of ['Az1[@', 'az1[@', '\xe9']) t.ok(matches(required, value) && operator.test(value), value)
  for (const value of ['az1{`', '\xc9']) t.notOk(matches(required, value) || operator.test(value), value)
})

function compile(source: string) {
  try {
    return rx.compile(source, operatorContext())
  } catch {
    return undefined
  }
}
