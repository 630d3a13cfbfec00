import t from 'tap'
import { form, inspect, loadShippedRules } from './inspect.ts'

const rules = await loadShippedRules()
const size = 20_000

/** Runs that make a careless pattern start again at every character. */
const runs: readonly string[] = [
  ...['a', ' ', "'", '"', '`', '<', '<a ', '(', ')', '-', '--', '/', '/*', '\\', '.', '../', ';', '|', '&', '&&', '='],
  ...['{', '{{', '${', '#{', '%', '%25', '\t', '\r\n', '\0', ' onload', ' on', 'union ', 'union#', 'select ', '; a'],
  ...[';cat ', '`cat ', "1'or ", "' or 'a' ", 'or 1', 'javascript', 'j\t', 'data:', 'document ', 'constructor', 'a.'],
  ...['=a', '[]', '$ne', '*)(', '<!doctype ', 'style=', 'case when ', '0x', 'char(', 'concat(', 'if(', 'O:1:"', '@'],
  ...['wget -a ', 'cmd ', 'a/', 'http://', '\xe9', '\u2019', '\\u003c', '&lt;', '&#'],
]

t.test('no run of characters makes the rules slow', async (t) => {
  let slowestMs = 0
  for (const run of runs) {
    const startedAt = performance.now()
    const verdict = await inspect(rules, form({ a: run.repeat(Math.ceil(size / run.length)) }))
    const elapsedMs = performance.now() - startedAt
    slowestMs = Math.max(slowestMs, elapsedMs)
    t.not(verdict.kind, 'failed', `${JSON.stringify(run)}: within the budget`)
  }
  t.equal(runs.length, 69, 'number of runs')
  t.comment(`slowest run of ${size} characters: ${slowestMs.toFixed(0)} ms`)
})
