import t from 'tap'
import { shippedRules } from './shipped-rules.ts'

const rules = shippedRules()

t.test('every rule of our own says what it is', async (t) => {
  for (const { id, actions } of rules) {
    t.ok(id >= 100_000 && id <= 199_999, `${id}: in the range for local use`)
    t.match(actions.get('phase')?.[0], /^[12]$/, `${id}: phase`)
    if (actions.has('pass')) continue
    t.ok(actions.has('block'), `${id}: leaves the action to SecDefaultAction`)
    t.match(actions.get('msg')?.[0], /^\S.{3,}$/, `${id}: msg`)
    t.match(actions.get('severity')?.[0], /^(?:CRITICAL|WARNING)$/, `${id}: severity`)
    t.match(actions.get('tag')?.[0], /^acme-edge\/[a-z-]+$/, `${id}: tag`)
    t.equal(actions.get('t')?.[0] ?? 'none', 'none', `${id}: starts from the value as it came`)
  }
  t.equal(rules.length, 84)
  t.equal(new Set(rules.map(({ id }) => id)).size, rules.length, 'each id once')
})

t.test('no pattern repeats a group that itself repeats without a bound', async (t) => {
  let patterns = 0
  for (const { id, operators } of rules) {
    for (const { name, argument } of operators) {
      if (name.text !== 'rx') continue
      patterns++
      t.same(nestedQuantifiers(argument.text), [], `${id}`)
    }
  }
  t.ok(patterns >= 70, `${patterns} patterns`)
})

t.test('the check for nested repetition finds what it is for', async (t) => {
  t.same(nestedQuantifiers('^(a+)+$'), ['(a+)+'])
  t.same(nestedQuantifiers('(?:a|b*c)*'), ['(?:a|b*c)*'])
  t.same(nestedQuantifiers('x(?:(?:ab)+c){2,}'), ['(?:(?:ab)+c){2,}'])
  t.same(nestedQuantifiers('(?:a[*+]b\\+)+ (?:a+)? (?:a{3})* (?:,[^,]*){9}'), [])
})

/** Groups with an unbounded repetition inside (each iteration then starts with a mark of its own: `,[^,]*` is safe). */
function nestedQuantifiers(pattern: string): string[] {
  const found: string[] = []
  const open: { start: number; repeats: boolean }[] = []
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]
    if (character === '\\') i++
    else if (character === '[') i = classEnd(pattern, i)
    else if (character === '(') open.push({ start: i, repeats: false })
    else if (character === ')') {
      const group = open.pop()
      const outer = /^(?:[*+]|\{\d+,\d*\})/.exec(pattern.slice(i + 1))
      if (group?.repeats && outer) found.push(pattern.slice(group.start, i + 1 + outer[0].length))
      const parent = open.at(-1)
      if (parent && (group?.repeats || outer)) parent.repeats = true
    } else if (/^(?:[*+]|\{\d+,\})/.test(pattern.slice(i))) {
      const group = open.at(-1)
      if (group) group.repeats = true
    }
  }
  return found
}

function classEnd(pattern: string, start: number): number {
  for (let i = start + 2; i < pattern.length; i++) {
    if (pattern[i] === '\\') i++
    else if (pattern[i] === ']') return i
  }
  return pattern.length
}
