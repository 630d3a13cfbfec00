import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { parseConfig } from '../../src/config/parse.ts'
import { EdgeError } from '../../src/errors.ts'
import { badConfigs } from './bad-configs.ts'

const folder = mkdtempSync(join(tmpdir(), 'acme-edge-config-'))
t.teardown(() => rmSync(folder, { recursive: true }))
writeFileSync(join(folder, 'present.conf'), '')
const file = join(folder, 'edge.yaml')

let ran = 0
for (const [name, text, place, message] of badConfigs) {
  t.test(`refuses ${name}`, async (t) => {
    ran++
    const problems = problemsOf(text)
    const places = problems.map(({ location }) => `${location.line}:${location.column}`)
    t.ok(places.includes(place), `at ${place}`, { found: problems })
    t.match(problems[places.indexOf(place)]?.message, message)
    t.ok(problems.every(({ location }) => location.file === file))
    t.equal(problems.length, 1, 'nothing else is reported', { found: problems })
  })
}

t.test('every case ran', async (t) => {
  t.equal(ran, badConfigs.length)
  t.ok(ran >= 60, `${ran} bad configs`)
})

t.test('lists all problems, in the order of the file', async (t) => {
  const text = [
    'waf: {mode: blok, rules: [no.conf]}',
    'listen: {http: [80], htps: []}',
    'sites:',
    '  - hosts: [a.example, a.example]',
    '    orgin: []',
    'workers: 0',
  ].join('\n')
  t.strictSame(
    problemsOf(text).map(({ location }) => `${location.line}:${location.column}`),
    ['1:13', '1:27', '2:17', '2:22', '4:5', '4:24', '5:5', '6:10'],
  )
})

for (const opening of ['[', '{', '{a: ', '- ', '? ', '[{']) {
  t.test(`refuses ${opening} nested by the thousand`, async (t) => {
    const problems = problemsOf(`listen: 1\n${opening.repeat(20_000)}`)
    t.ok(problems.length > 0)
    t.ok(problems.length < 20_001, `${problems.length} problems`)
  })
}

t.test('a problem carries its line without the line end', async (t) => {
  t.equal(problemsOf('listen: {http: ["127.0.0.1:1"]}\r\nsites: 1\r\n')[0]?.sourceLine, 'sites: 1')
})

function problemsOf(text: string) {
  try {
    parseConfig(text, file)
  } catch (error) {
    if (error instanceof EdgeError && error.code === 'ACME_EDGE_CONFIG_INVALID') return error.problems
    throw error
  }
  return []
}
