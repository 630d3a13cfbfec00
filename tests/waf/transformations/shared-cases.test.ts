import t from 'tap'
import { findTransformation } from '../../../src/waf/transformations/index.ts'
import { findCases } from '../../helpers/waf-cases.ts'

/** Where the suite contradicts the reference, and why: `word input`, with `?` for what is not printable ASCII. */
const contradictions: ReadonlyMap<string, string> = new Map([
  [
    'cssDecode test\\a\\b\\f\\n\\r\\t\\v\\?\\\'\\"\\?\\12\\123\\1234\\12345\\123456\\ff01\\ff5e\\?\\?  string',
    'expects code points as UTF-8 text; ModSecurity keeps one byte of each',
  ],
  ['cssDecode \\1A\\1 A\\1234567\\123456 7\\1x\\1 x', 'the same'],
  ['escapeSeqDecode \\8\\9\\666\\xag\\xga\\0123', 'keeps the backslash of a broken \\x; ModSecurity drops it'],
  ['hexDecode 01234567890z', 'expects an error; a transformation has none, so the value stays'],
  ['hexDecode 54657374004', 'the same'],
])

const cases = findCases('transformations')

t.test('cases of the shared transformation suite', { skip: cases === undefined && '../shared is absent' }, (t) => {
  const seen = new Set<string>()
  for (const { word, input, output } of cases ?? []) {
    const label = `${word} ${input.replace(/[^ -~]/g, '?')}`
    const actual = findTransformation(word)?.transform(input)
    if (contradictions.has(label)) {
      seen.add(label)
      t.not(actual, output, `still a contradiction: ${label}`)
    } else t.equal(actual, output, label.slice(0, 80))
  }
  t.equal(cases?.length, 358, 'every case ran')
  t.equal(seen.size, contradictions.size, 'every contradiction named here is in the suite')
  t.end()
})
