import { readFileSync } from 'node:fs'
import t from 'tap'
import { errorTable } from '../scripts/error-table.ts'
import { EdgeError, type ErrorCode, errorCodes } from '../src/errors.ts'
import { readSources } from './helpers/source-imports.ts'

const codes = Object.keys(errorCodes) as ErrorCode[] // the keys of a `satisfies Record` constant

t.test('docs/errors.md has the very table of the program', async (t) => {
  const docs = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
  const table = docs.split('\n').filter((line) => line.startsWith('| '))
  const expected = errorTable()
    .split('\n')
    .filter((line) => line.startsWith('| '))
  t.strictSame(table, expected, 'node scripts/write-error-docs.ts brings it up to date')
})

t.test('every code is named well, documented and used', async (t) => {
  const text = readSources('src')
    .filter(({ path }) => path !== 'src/errors.ts')
    .map((source) => source.text)
    .join('\n')
  for (const code of codes) {
    const { status, meaning } = errorCodes[code]
    t.match(code, /^ACME_EDGE(_[A-Z]+){1,4}$/, code)
    t.ok(status === 0 || (status >= 400 && status <= 599), `${code}: status ${status}`)
    t.match(meaning, /^[a-z][^|\n]*[^.]$|^edge\.yaml /, `${code}: one clause`)
    const suffix = code.replace('ACME_EDGE_STORE_', '')
    t.ok(text.includes(code) || text.includes(`'${suffix}'`), `${code} is reported somewhere`)
  }
  t.ok(codes.length >= 30, `${codes.length} codes`)
})

t.test('an error carries its code, side, status, cause and problems', async (t) => {
  const cause = new Error('below')
  const problem = { location: { file: 'a', line: 1, column: 2 }, message: 'no', sourceLine: 'x' }
  const error = new EdgeError('ACME_EDGE_ORIGIN_TIMEOUT', 'late', {
    cause,
    problems: [problem],
    details: { host: 'a' },
  })
  t.match(error, { name: 'EdgeError', code: 'ACME_EDGE_ORIGIN_TIMEOUT', side: 'origin', status: 504, message: 'late' })
  t.equal(error.cause, cause)
  t.strictSame(error.problems, [problem])
  t.strictSame(error.details, { host: 'a' })
  t.equal(new EdgeError('ACME_EDGE_ORIGIN_TIMEOUT', 'late', { status: 599 }).status, 599)
  t.notOk('cause' in new EdgeError('ACME_EDGE_INTERNAL', 'none'))
})
