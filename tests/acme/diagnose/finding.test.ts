import { readFileSync } from 'node:fs'
import t from 'tap'
import { findingTable } from '../../../scripts/finding-table.ts'
import { finding, findingKinds, sortFindings } from '../../../src/acme/diagnose/finding.ts'

t.test('docs/diagnose.md has the very table of the program', async (t) => {
  const docs = readFileSync(new URL('../../../docs/diagnose.md', import.meta.url), 'utf8')
  t.ok(docs.includes(findingTable()), 'node scripts/write-finding-docs.ts brings it up to date')
  t.ok(Object.keys(findingKinds).length >= 25, `${Object.keys(findingKinds).length} kinds`)
})

t.test('errors stand before warnings, and those before notes', async (t) => {
  const severities = Object.values(findingKinds).map(({ severity }) => severity)
  const ranks = severities.map((severity) => ['error', 'warning', 'note'].indexOf(severity))
  t.strictSame(ranks, ranks.toSorted())
})

t.test('what is found twice is said once, the worst first', async (t) => {
  const parts = { name: 'a.example', text: 'it is so', fix: 'change it' }
  const [note, error] = [finding('REDIRECTED', parts), finding('PORT_REFUSED', parts)]
  t.strictSame(sortFindings([note, error, { ...error }, note]), [error, note])
  const mild = { ...error, severity: 'warning' as const }
  t.strictSame(sortFindings([mild, finding('CAA_FAILED', parts)])[1], mild, 'by its own severity')
})
