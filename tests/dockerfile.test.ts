import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { repository } from './helpers/source-imports.ts'

interface Statement {
  readonly word: string
  readonly argument: string
}

/** Statements of the Dockerfile in order, continuations joined; no Docker is needed to look at them. */
const statements: readonly Statement[] = readFileSync(join(repository, 'Dockerfile'), 'utf8')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [, word = '', argument = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    return { word, argument }
  })

const known = 'FROM WORKDIR COPY RUN ENV USER VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD'.split(' ')

const stages = statements.reduce<Statement[][]>((all, statement) => {
  if (statement.word === 'FROM') all.push([])
  all.at(-1)?.push(statement)
  return all
}, [])

const last = stages.at(-1) ?? []
const find = (word: string): string | undefined => last.find((statement) => statement.word === word)?.argument

t.test('every line is a statement that Docker has', async (t) => {
  for (const { word, argument } of statements) t.ok(known.includes(word) && argument !== '', `${word} ${argument}`)
})

t.test('two stages of Node 24, the second without tools and development packages', async (t) => {
  t.equal(stages.length, 2)
  for (const [from] of stages) t.match(from?.argument, /^node:24-slim( AS packages)?$/)
  t.match(stages[0]?.find(({ word }) => word === 'RUN')?.argument, /^npm ci --omit=dev .*--ignore-scripts$/)
  t.notOk(last.some(({ word, argument }) => word === 'RUN' && /npm|apt/.test(argument)))
})

t.test('runs as an ordinary user, and the last USER is not taken back', async (t) => {
  t.strictSame(
    last.filter(({ word }) => word === 'USER').map(({ argument }) => argument),
    ['node'],
  )
})

t.test('what is written lies in volumes, so that the root file system can be read-only', async (t) => {
  t.strictSame(JSON.parse(find('VOLUME') ?? ''), ['/var/lib/acme-edge', '/var/log/acme-edge'])
})

t.test('signals reach the program: exec form, and SIGTERM drains', async (t) => {
  t.equal(find('STOPSIGNAL'), 'SIGTERM')
  t.strictSame(JSON.parse(find('ENTRYPOINT') ?? ''), ['/app/bin/acme-edge'])
  t.strictSame(JSON.parse(find('CMD') ?? ''), ['run', '--config', '/etc/acme-edge/edge.yaml'])
  t.match(find('HEALTHCHECK'), /CMD \["node", "-e", ".*\/healthz.*"\]$/)
})

t.test('what is copied exists, and the build context lets it through', async (t) => {
  const allowed = readFileSync(join(repository, '.dockerignore'), 'utf8').split('\n')
  t.equal(allowed[0], '**', 'nothing by default: no key, no certificate, no .git')
  const copied = statements
    .filter(({ word, argument }) => word === 'COPY' && !argument.startsWith('--from'))
    .flatMap(({ argument }) => argument.split(' ').slice(0, -1))
  t.ok(copied.length >= 6)
  for (const path of copied) {
    t.ok(existsSync(join(repository, path)), `${path} exists`)
    t.ok(allowed.includes(`!${path}`), `${path} is let through`)
  }
})
