import t from 'tap'
import { EdgeError } from '../../../src/errors.ts'
import { load } from '../../helpers/rule-engine.ts'

const file = '(MAC - Roman)\n\n\n1250  (ANSI)\n0142:6c 00df:73\n\n1251 (ANSI - Cyrillic)\n00df:42 0401:45\n0402:44 \n'
const data = { '/rules/unicode.mapping': file }

t.test('urlDecodeUni maps with the page of the file', async (t) => {
  const decoded = async (directive: string, value: string): Promise<string | undefined> => {
    const seen: string[] = []
    const rules = `${directive}\nSecRule REQUEST_URI_RAW "@unconditionalMatch" "id:1,phase:1,pass,t:urlDecodeUni"`
    await load(rules, { data, trace: (event) => seen.push(event.value) }).then((ruleSet) =>
      ruleSet
        .begin({
          id: 'x',
          receivedAtMs: 0,
          client: { address: '192.0.2.1', port: 1 },
          server: { address: '192.0.2.2', port: 1 },
          method: 'GET',
          target: value,
          protocol: 'HTTP/1.1',
          headers: [],
        })
        .requestHeaders(),
    )
    return seen[0]
  }
  const value = '%u00df%u0142%u0401%u0402%uff1c%u2329%41'
  t.equal(await decoded('SecUnicodeMapFile unicode.mapping 1251', value), 'BBED<)A')
  t.equal(await decoded('SecUnicodeMapFile "unicode.mapping 1250"', value), 'sl\x01\x02<)A')
  t.equal(await decoded('', value), '\xdfl\x01\x02<)A', 'US-ASCII without a file')
})

t.test('a file, page or pair that cannot be read is refused', async (t) => {
  const problemOf = (rules: string, text = file) =>
    load(rules, { data: { '/rules/unicode.mapping': text } }).then(
      () => undefined,
      (error: unknown) => (error instanceof EdgeError ? error.problems[0] : undefined),
    )
  t.match(await problemOf('SecUnicodeMapFile none.mapping 20127'), {
    location: { column: 19 },
    message: /cannot be read/,
  })
  t.match(await problemOf('SecUnicodeMapFile unicode.mapping 20127'), { message: /no code page "20127"/ })
  t.match(await problemOf('SecUnicodeMapFile unicode.mapping'), { message: /lacks the number of a code page/ })
  t.match(await problemOf('SecUnicodeMapFile unicode.mapping 1250', '1250\n00a1:2\n'), { message: /no pair/ })
})
