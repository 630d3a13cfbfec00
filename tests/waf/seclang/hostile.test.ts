import fc from 'fast-check'
import t from 'tap'
import { formatProblem } from '../../../src/waf/seclang/format-problem.ts'
import { parseSecLang } from '../../../src/waf/seclang/parser.ts'

const pieces = [
  ...['SecRule ', 'SecAction ', 'SecMarker ', 'ARGS', '|', '!', '&', ':', '/', ',', '@rx ', 'id:1', 'msg:', '#', '<'],
  ...['"', "'", '\\', '\\\n', '\n', '\r\n', '\r', ' ', '\t', 'x', '\0', '\xff'],
]

t.test('any text gives nodes or located problems, never an exception', async (t) => {
  const numRuns = 3000
  const result = fc.check(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), (parts) => {
      const text = parts.join('')
      const lines = text.split('\n')
      for (const problem of parseSecLang(text, 'f').problems) {
        const { line, column } = problem.location
        const source = lines[line - 1]
        if (source === undefined || column < 1 || column > source.length + 1) throw new Error(formatProblem(problem))
        if (problem.sourceLine !== source.replace(/\r$/, '')) throw new Error('wrong source line')
      }
    }),
    { numRuns },
  )
  t.notOk(result.failed, `seed ${result.seed}, ${result.numRuns} texts ${JSON.stringify(result.counterexample)}`)
  t.equal(result.numRuns, numRuns)
})

t.test('time grows with the size of a hostile file, not with its square', async (t) => {
  const hostile: Record<string, (size: number) => string> = {
    'unclosed quotes': (size) => 'SecRule ARGS "x\n'.repeat(size),
    backslashes: (size) => `SecRule ARGS "${'\\'.repeat(size * 10)}" "id:1"`,
    continuations: (size) => `SecAction "id:1${',\\\nt:none'.repeat(size)}"`,
    'empty targets': (size) => 'SecRule | x\n'.repeat(size),
    'many targets': (size) => `SecRule ARGS${'|ARGS:/a/'.repeat(size)} x`,
    'open regexes': (size) => `SecRule ${'ARGS:/a|'.repeat(size)} x`,
  }
  for (const [name, build] of Object.entries(hostile)) {
    const elapsedMs = measure(build(20_000))
    t.ok(elapsedMs < 1500, `${name}: 20,000 in ${elapsedMs.toFixed(0)} ms`)
  }
  t.equal(Object.keys(hostile).length, 6)
})

function measure(text: string): number {
  const startedAt = performance.now()
  parseSecLang(text, 'f')
  return performance.now() - startedAt
}
