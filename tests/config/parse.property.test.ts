import fc from 'fast-check'
import t from 'tap'
import { limitEntries } from '../../src/config/limits-schema.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { EdgeError } from '../../src/errors.ts'
import { runSize } from '../helpers/run-size.ts'

const { seed, count: numRuns } = runSize({ usual: 3_000, full: 100_000 })

const words = ['listen', 'http', 'sites', 'hosts', 'origin', 'waf', 'rules', 'limits', ...Object.keys(limitEntries)]
const piece = fc.oneof(
  fc.constantFrom(...words),
  fc.constantFrom(
    ': ',
    ':\n  ',
    '\n',
    '- ',
    '[',
    ']',
    '{',
    '}',
    ', ',
    '"',
    "'",
    '|\n',
    '&a ',
    '*a',
    '!x ',
    '# ',
    '\t',
    '? ',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
)
const garbage = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))
const tree = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.double()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...words), fc.string()), tie('value'), { maxKeys: 5 }),
  ),
})).value

const valid = `listen: {http: ["127.0.0.1:8080"]}
sites:
  - hosts: [a.example, "*.b.example"] # two
    origin: ["http://127.0.0.1:9000"]
waf: {mode: detect}
limits: {header_timeout: 2s}
`
const mutated = fc
  .tuple(fc.nat(valid.length), fc.nat(6), piece)
  .map(([start, length, text]) => valid.slice(0, start) + text + valid.slice(start + length))

t.test('whatever the text, the outcome is a frozen config or ACME_EDGE_CONFIG_INVALID with places in it', async (t) => {
  const text = fc.oneof(
    garbage,
    mutated,
    tree.map((value) => JSON.stringify(value)),
  )
  let refused = 0
  fc.assert(
    fc.property(text, (text) => {
      refused += isWellRefused(text) ? 1 : 0
    }),
    { seed, numRuns },
  )
  t.ok(refused > 0 && refused < numRuns, 'some are refused, some accepted')
  t.comment(`seed ${seed}, ${numRuns} texts, ${refused} refused`)
})

function isWellRefused(text: string): boolean {
  try {
    return !Object.isFrozen(parseConfig(text, '/nowhere/edge.yaml'))
  } catch (error) {
    if (!(error instanceof EdgeError) || error.code !== 'ACME_EDGE_CONFIG_INVALID') throw error
    if (error.problems.length === 0) throw new Error('no problem is named')
    for (const { location, sourceLine } of error.problems) {
      const lines = text.split('\n')
      const shown = lines[location.line - 1]?.replace(/\r$/, '')
      if (shown !== sourceLine) throw new Error(`line ${location.line} is not ${JSON.stringify(sourceLine)}`)
      if (location.column < 1 || location.column > sourceLine.length + 2) throw new Error(`column ${location.column}`)
    }
    return true
  }
}
