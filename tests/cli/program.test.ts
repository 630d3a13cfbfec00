import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { commandEntries } from '../../src/cli/command-entries.ts'
import { version } from '../../src/version.ts'

const launcher = fileURLToPath(new URL('../../bin/acme-edge', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'acme-edge-cli-'))
t.teardown(() => rmSync(folder, { recursive: true }))

const sites = 'listen: {http: ["127.0.0.1:0"]}\nsites: [{hosts: [a.example], origin: ["http://127.0.0.1:9"]}]\n'
const files = {
  'edge.yaml': `${sites}waf: {rules: [good.conf]}\n`,
  'bad.yaml': 'listen: {http: [80]}\nsties: []\n',
  'idle.conf': 'SecRule REMOTE_ADDR "@rbl x" "id:1,phase:1,pass"\n',
  'bad-rules.yaml': `${sites}waf: {rules: [bad.conf]}\n`,
  'redis.yaml': `${sites}waf: {rules: [good.conf]}\nstore: "redis://127.0.0.1:6379/0"\n`,
  'good.conf': `SecRule ARGS "@rx attack" "id:100,phase:2,deny,msg:'Größe'"\nSecAction "id:101,phase:1,pass,nolog"\n`,
  'bad.conf': 'SecRule ARGS "@nosuch x" "id:1,phase:2,deny"\nSecNoSuch On\n',
}
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

function run(...words: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(launcher, words, { cwd: folder }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err })
    })
  })
}

const json = ({ out }: Outcome): unknown => JSON.parse(out)

t.test('--version', async (t) => {
  t.strictSame(await run('--version'), { code: 0, out: `${version}\n`, err: '' })
})

t.test('--help names every command, and each has its own', async (t) => {
  const { code, out } = await run('--help')
  t.equal(code, 0)
  const names = commandEntries.map(({ name }) => name)
  t.ok(names.length >= 3)
  for (const name of names) {
    t.match(out, new RegExp(`^  ${name} `, 'm'), `${name} is listed`)
    const help = await run(name, '--help')
    t.equal(help.code, 0)
    t.match(help.out, new RegExp(`^Usage: acme-edge ${name}`), `${name} --help`)
    t.equal(help.err, '')
  }
})

const usage: [string[], RegExp][] = [
  [[], /no command given/],
  [['chek'], /unknown command 'chek' \(Did you mean check\?\)/],
  [['frobnicate'], /unknown command 'frobnicate'/],
  [['--frob'], /unknown option '--frob'/],
  [['check', '--confg', 'x'], /unknown option '--confg' \(Did you mean --config\?\)/],
  [['check', '--config'], /argument missing/],
  [['check', 'extra'], /too many arguments/],
  [['waf'], /no command given/],
  [['waf', 'lnt'], /unknown command 'lnt' \(Did you mean lint\?\)/],
  [['waf', 'lint'], /missing required argument 'files'/],
]
for (const [words, message] of usage) {
  t.test(`bad usage: ${words.join(' ') || '(nothing)'}`, async (t) => {
    const { code, out, err } = await run(...words)
    t.equal(code, 2)
    t.equal(out, '')
    t.match(err, /acme-edge: ACME_EDGE_USAGE: /)
    t.match(err, message)
  })
}

t.test('check: a good config', async (t) => {
  const text = await run('check')
  t.strictSame([text.code, text.err], [0, ''])
  t.match(text.out, /edge\.yaml is fine: 1 site, 2 rules/)
  const outcome = await run('check', '--json', '--config', 'edge.yaml')
  t.strictSame(json(outcome), { ok: true, config: join(folder, 'edge.yaml'), sites: 1, rules: 2, warnings: [] })
})

t.test('check: every problem of a config, with its line and a caret', async (t) => {
  const { code, out, err } = await run('check', '-c', 'bad.yaml')
  t.equal(code, 2)
  t.equal(out, '')
  const file = join(folder, 'bad.yaml')
  t.equal(
    err,
    [
      `${file}:1:17: expected an address such as "127.0.0.1:8080", found the number 80`,
      '  listen: {http: [80]}',
      '                  ^',
      `${file}:2:1: unknown key "sties"; did you mean "sites"?`,
      '  sties: []',
      '  ^',
      `acme-edge: ACME_EDGE_CONFIG_INVALID: ${file} has 2 problems`,
      '',
    ].join('\n'),
  )
})

t.test('check: the same for a program', async (t) => {
  const outcome = await run('check', '-c', 'bad.yaml', '--json')
  t.equal(outcome.code, 2)
  t.match(json(outcome), {
    ok: false,
    error: {
      code: 'ACME_EDGE_CONFIG_INVALID',
      problems: [
        { file: join(folder, 'bad.yaml'), line: 1, column: 17 },
        { line: 2, column: 1 },
      ],
    },
  })
})

t.test('check: rule files, a file that is missing, a store that is elsewhere', async (t) => {
  const rules = await run('check', '-c', 'bad-rules.yaml')
  t.equal(rules.code, 2)
  t.match(rules.err, /bad\.conf:1:\d+: .*nosuch[\s\S]*bad\.conf:2:1: .*SecNoSuch/i)
  const missing = await run('check', '-c', 'none.yaml')
  t.equal(missing.code, 2)
  t.match(missing.err, /^acme-edge: ACME_EDGE_CONFIG_UNREADABLE: cannot read .*none\.yaml: there is no such file\n$/)
  const redis = await run('check', '-c', 'redis.yaml')
  t.equal(redis.code, 0, 'it opens no connection')
})

t.test('rules: id, phase, message and place', async (t) => {
  const file = join(folder, 'good.conf')
  const text = await run('rules')
  t.equal(text.out, `    100  phase 2  ${file}:1  Größe\n    101  phase 1  ${file}:2\n`)
  t.strictSame(json(await run('rules', '--json')), [
    { id: 100, phase: 2, msg: 'Größe', file, line: 1 },
    { id: 101, phase: 1, msg: null, file, line: 2 },
  ])
})

t.test('waf lint and check name what cannot have its effect', async (t) => {
  const { code, out } = await run('waf', 'lint', 'idle.conf')
  t.equal(code, 0)
  t.match(out, /idle\.conf:1:23: warning: @rbl never matches: .*\n {2}SecRule REMOTE_ADDR "@rbl x"/)
  t.match(json(await run('waf', 'lint', '--json', 'idle.conf')), { warnings: [{ location: { line: 1 } }] })
})

t.test('waf lint', async (t) => {
  const good = await run('waf', 'lint', 'good.conf')
  t.strictSame([good.code, good.err], [0, ''])
  const bad = await run('waf', 'lint', 'bad.conf')
  t.equal(bad.code, 2)
  t.match(bad.err, /bad\.conf:1:\d+: .*nosuch[\s\S]*bad\.conf:2:1: .*SecNoSuch[\s\S]*2 problems/i)
  const both = await run('waf', 'lint', 'good.conf', 'bad.conf', '--json')
  t.equal(both.code, 2)
  t.match(json(both), { ok: false, error: { code: 'ACME_EDGE_RULES_INVALID', problems: { length: 2 } } })
  t.equal((await run('waf', 'lint', 'none.conf')).code, 2)
})

t.test('the shipped rules have no problems', async (t) => {
  const { code, out, err } = await run('waf', 'lint', '@acme-edge')
  t.equal(code, 0, err)
  t.match(out, /no problems: \d+ rules in 1 file/)
})
