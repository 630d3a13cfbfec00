import t from 'tap'
import { expandTemplate } from '../../../src/waf/regression/data-template.ts'

const cases: readonly [text: string, expanded: string | undefined][] = [
  ['plain } {', 'plain } {'],
  ['{{ "1" | repeat 5 }}', '11111'],
  ['a={{ repeat 3 "xy" }}&b', 'a=xyxyxy&b'],
  ['{{ `\\n` }}', '\\n'],
  ['{{ "\\n\\"" }}', '\n"'],
  ['{{ "{{" }}x', '{{x'],
  ['a {{- "b" -}} c', 'abc'],
  ['a{{/* nothing */}}b', 'ab'],
  ['{{ "0" | repeat 0 }}', ''],
  ['{{constructor.constructor("alert(1)")()}}', undefined],
  ['{{ upper "x" }}', undefined],
  ['{{ "open', undefined],
  ['{{ "1" | repeat 99999999 }}', undefined],
]

t.test('test data expands repetitions and literals, and nothing that is not known', async (t) => {
  for (const [text, expanded] of cases) t.equal(expandTemplate(text), expanded, text)
})
