import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { limitEntries } from '../../src/config/limits-schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { edgeSchema } from '../../src/config/schema.ts'

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

/** First and second cell of each row that begins with a key in backquotes. */
const rows = read('docs/configuration.md')
  .split('\n')
  .map((line) => /^\| `([a-z][^`]*)` \|([^|]*)\|/.exec(line))
  .flatMap((match) => (match === null ? [] : [{ key: match[1] ?? '', fallback: (match[2] ?? '').trim() }]))

t.test('docs/configuration.md names every key of the schema, in its order, and no other', async (t) => {
  t.strictSame(
    rows.map(({ key }) => key),
    edgeSchema('/').keys(''),
  )
})

t.test('the defaults of the limits are those of the program', async (t) => {
  const documented = rows.filter(({ key }) => key.startsWith('limits.')).map(({ key, fallback }) => [key, fallback])
  const actual = Object.entries(limitEntries).map(([key, { fallback }]) => [`limits.${key}`, `\`${fallback}\``])
  t.strictSame(documented, actual)
  t.ok(actual.length >= 14)
})

for (const document of ['docs/configuration.md', 'README.md']) {
  t.test(`the edge.yaml in ${document} is one`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'acme-edge-docs-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const examples = [...read(document).matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
    t.ok(examples.length > 0)
    for (const text of examples) {
      writeFileSync(join(folder, 'edge.yaml'), text)
      t.doesNotThrow(() => parseConfig(text, join(folder, 'edge.yaml')))
    }
  })
}
